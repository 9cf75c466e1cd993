/** The heading of an open conversation: whose it is, and the way to more about it. */
import {fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {keptFor} from './retention.js';

export function threadHead(chat, id, {onBack, onDetails, onSearch}) {
  const title = h('h2', {class: 'thread-title', id: 'thread-title', dir: 'auto', tabindex: -1});
  const subtitle = h('p', {class: 'thread-subtitle'});
  const element = h('header', {class: 'thread-head'});

  function render() {
    const one = chat.conversations.get(id);
    title.textContent = one ? chat.title(one) : '…';
    subtitle.textContent = chat.typingWords(id) || (one ? underTitle(one) : '');
    if (one?.type === 'direct') chat.presence.watch([chat.otherOf(one)]);
    const kind = one?.type === 'direct' ? 'person' : 'group';
    if (element.dataset.kind === kind && one) return;
    if (one) element.dataset.kind = kind;
    fill(
      element,
      h(
        'button',
        {type: 'button', class: 'icon back', 'aria-label': 'Back to the conversations', on: {click: onBack}},
        '←',
      ),
      one ? flag(one.type === 'direct' ? chat.otherOf(one) : one.id, kind) : null,
      h('div', {class: 'thread-names'}, title, subtitle),
      one ? searchButton('Search this conversation', onSearch) : null,
      one
        ? h(
            'button',
            {type: 'button', class: 'quiet', on: {click: onDetails}},
            one.type === 'direct' ? 'About' : 'Members',
          )
        : null,
    );
  }

  function underTitle(one) {
    if (one.type === 'direct') {
      const other = chat.people.get(chat.otherOf(one));
      const handle = other?.username ? `@${other.username}` : '';
      return [handle, chat.presence.words(chat.otherOf(one))].filter(Boolean).join(' · ');
    }
    const count = one.member_count === 1 ? 'Only you' : `${one.member_count ?? one.members?.length ?? ''} members`;
    return [count, one.topic, keptFor(one)].filter(Boolean).join(' · ');
  }

  return {element, title, render};
}

export function searchButton(label, onSearch) {
  return h(
    'button',
    {type: 'button', class: 'icon', 'aria-label': label, title: label, on: {click: onSearch}},
    h('span', {'aria-hidden': 'true'}, '⌕'),
  );
}
