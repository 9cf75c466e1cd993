/** The bar above the composer: which message is being answered or changed. */
import {fill, h} from '../dom.js';

export function aboutBar({onCancel}) {
  const what = h('span', {class: 'about-what'});
  const words = h('span', {class: 'about-words', dir: 'auto'});
  const element = h(
    'div',
    {class: 'about-bar', hidden: true},
    h('p', {class: 'about-text', role: 'status'}, what, ' ', words),
    h('button', {type: 'button', class: 'icon', 'aria-label': 'Cancel', on: {click: onCancel}}, '✕'),
  );
  return {
    element,
    show(title, text) {
      fill(what, title);
      fill(words, text);
      element.hidden = false;
    },
    hide() {
      element.hidden = true;
    },
  };
}
