/** Files dropped on an element. The element says so while they hover over it. */

export function acceptDrops(element, onFiles) {
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');

  element.addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    element.classList.add('drop-here');
  });
  element.addEventListener('dragleave', (event) => {
    if (!element.contains(event.relatedTarget)) element.classList.remove('drop-here');
  });
  element.addEventListener('drop', (event) => {
    element.classList.remove('drop-here');
    if (!carriesFiles(event)) return;
    event.preventDefault();
    onFiles([...event.dataTransfer.files]);
  });
}
