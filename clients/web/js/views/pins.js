/** The bar under the heading: the newest pinned message, and the way to the others. */
import {api} from '../api.js';
import {fill, h} from '../dom.js';
import {menu} from './popup.js';
import {inShort} from './rows.js';

export function pinsBar(chat, id, {jump}) {
  const element = h('div', {class: 'pins', hidden: true, role: 'group', 'aria-label': 'Pinned messages'});
  let shown = '';
  let asked = 0;

  async function render() {
    const seqs = chat.conversations.get(id)?.pinned_seqs ?? [];
    if (shown === seqs.join()) return;
    shown = seqs.join();
    const mine = ++asked;
    element.hidden = seqs.length === 0;
    if (seqs.length === 0) return;
    try {
      const {items} = await api.pins(id);
      if (mine === asked) show(items);
    } catch {
      shown = ''; // The next change asks again.
      element.hidden = true;
    }
  }

  function show(items) {
    element.hidden = items.length === 0;
    if (items.length === 0) return;
    const [newest] = items;
    const more = h(
      'button',
      {type: 'button', class: 'quiet', on: {click: () => menu(more, 'Pinned messages', items.map(choice))}},
      `All ${items.length}`,
    );
    fill(
      element,
      h(
        'button',
        {type: 'button', class: 'pin', on: {click: () => jump(newest.seq)}},
        h('span', {class: 'pin-sign'}, 'Pinned'),
        h('span', {class: 'quote-words', dir: 'auto'}, words(newest)),
      ),
      items.length > 1 ? more : null,
    );
  }

  const choice = (message) => ({label: words(message), run: () => jump(message.seq)});
  const words = (message) => (message.deleted_at ? 'Message deleted' : inShort(message));

  return {element, render};
}
