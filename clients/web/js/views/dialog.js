/** A modal window: the browser traps the focus, Escape closes it, and the focus returns to where it came from. */
import {h} from '../dom.js';

let count = 0;

export function dialog(title, {className = '', onClosed = () => {}} = {}) {
  const id = `dialog-${++count}`;
  const heading = h('h2', {id}, title);
  const body = h('div', {class: 'dialog-body'});
  const element = h(
    'dialog',
    {class: `dialog ${className}`, 'aria-labelledby': id, on: {close: closed, pointerdown: outside}},
    h(
      'header',
      {class: 'dialog-head'},
      heading,
      h('button', {type: 'button', class: 'icon', 'aria-label': 'Close', on: {click: () => element.close()}}, '✕'),
    ),
    body,
  );
  const cameFrom = document.activeElement;

  function closed() {
    element.remove();
    onClosed();
    if (cameFrom?.isConnected) cameFrom.focus();
  }

  function outside(event) {
    if (event.target === element) element.close();
  }

  document.body.append(element);
  return {
    element,
    body,
    heading,
    show: () => element.showModal(),
    close: () => element.close(),
  };
}
