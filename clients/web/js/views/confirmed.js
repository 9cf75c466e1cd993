/** The first press asks, the second means it. */
export function confirmed(button, question) {
  if (button.dataset.asked) return true;
  button.dataset.asked = 'yes';
  button.textContent = question;
  button.removeAttribute('aria-label');
  return false;
}
