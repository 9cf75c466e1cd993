/** Says a sentence to people who listen to the page instead of looking at it. */
const CLEARED_AFTER_MS = 4_000;
let clearing = 0;

export function announce(sentence) {
  const region = document.getElementById('announcer');
  region.textContent = '';
  clearTimeout(clearing);
  // In the next task, so that the same sentence twice is a change twice.
  setTimeout(() => (region.textContent = sentence), 60);
  clearing = setTimeout(() => (region.textContent = ''), CLEARED_AFTER_MS);
}
