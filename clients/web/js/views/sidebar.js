/** The list of conversations, the search for people, and the way to one's own account. */
import {api} from '../api.js';
import {coalesced} from '../coalesce.js';
import {newId} from '../ids.js';
import {fill, h, reconcile} from '../dom.js';
import {flag} from '../flags.js';
import {sentence} from '../problems.js';
import {shortTime, exactTime} from '../time.js';
import {FAILED} from '../outbox.js';
import {alertPlace, showSentence} from './form.js';
import {showPresence} from './presence-dot.js';
import {inShort} from './rows.js';
import {peopleSearch} from './search.js';
import {searchButton} from './thread-head.js';

export function sidebar(chat, {onOpen, onNewGroup, onChannels, onSearch, onAccount, light}) {
  const rows = new Map();
  let selected;
  const items = h('ul', {class: 'conversations', on: {keydown: walk}});
  const more = h(
    'button',
    {type: 'button', class: 'more', hidden: true, on: {click: loadMore}},
    'Show older conversations',
  );
  const empty = h('div', {class: 'empty-list', hidden: true});
  const place = alertPlace();
  const search = peopleSearch(chat, {label: 'Find a person', placeholder: 'Find a person', onPick: talkTo, hint: true});
  const scroller = h('div', {class: 'scroller', on: {scroll: () => nearEnd() && loadMore()}}, items, empty, more);
  const conversations = h('nav', {class: 'conversations-nav', 'aria-label': 'Conversations'}, scroller);
  const element = h(
    'div',
    {class: 'sidebar'},
    h(
      'header',
      {class: 'sidebar-head'},
      h(
        'span',
        {class: 'brand'},
        h('img', {src: 'img/mark.svg', alt: '', width: 22, height: 22}),
        h('h1', {class: 'wordmark'}, 'Parley'),
      ),
      h(
        'div',
        {class: 'sidebar-acts'},
        searchButton('Search messages', onSearch),
        h('button', {type: 'button', class: 'quiet', on: {click: onChannels}}, 'Channels'),
        h('button', {type: 'button', class: 'quiet', on: {click: onNewGroup}}, 'New group'),
      ),
    ),
    h('div', {class: 'finder', role: 'search'}, search.element),
    place,
    conversations,
    h(
      'footer',
      {class: 'sidebar-foot'},
      h(
        'button',
        {
          type: 'button',
          class: 'account',
          'aria-label': `Your account, ${chat.me.display_name}`,
          on: {click: onAccount},
        },
        flag(chat.me.id),
        h('span', {class: 'account-name', dir: 'auto'}, chat.me.display_name),
      ),
      light,
    ),
  );

  search.onActive((active) => (conversations.hidden = active));

  async function talkTo(person) {
    showSentence(place, '');
    try {
      chat.people.learn(person);
      const conversation = await api.createConversation({type: 'direct', user_id: person.id}, newId());
      chat.conversations.take(conversation);
      search.clear();
      onOpen(conversation.id);
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  function render() {
    const list = chat.conversations.list();
    chat.presence.watch(list.filter((one) => one.type === 'direct').map(chat.otherOf, chat));
    reconcile(items, list.map(rowOf), rows, build, refresh);
    empty.hidden = list.length > 0;
    if (list.length === 0) {
      fill(
        empty,
        ...(chat.conversations.loaded
          ? [
              h('p', {class: 'empty-title'}, 'No conversations yet'),
              h('p', {}, 'Type a name above to find someone, or start a group.'),
            ]
          : [h('p', {class: 'muted'}, 'Fetching your conversations…')]),
      );
    }
    more.hidden = !chat.conversations.hasMore;
  }

  function rowOf(conversation) {
    const unread =
      conversation.id === selected && document.hasFocus() && !document.hidden ? 0 : chat.unread.count(conversation);
    const row = {
      key: conversation.id,
      conversation,
      title: chat.title(conversation),
      unread,
      preview: preview(conversation),
    };
    row.status = conversation.type === 'direct' ? chat.presence.of(chat.otherOf(conversation))?.status : undefined;
    row.quiet = chat.safety.level(conversation) !== 'all';
    row.at = conversation.last_message?.created_at ?? conversation.created_at;
    row.signature = [
      row.title,
      row.preview.kind,
      row.preview.text,
      row.at,
      row.status,
      row.quiet,
      unread,
      conversation.id === selected,
      shortTime(new Date(row.at)),
    ].join('\u0000');
    return row;
  }

  function preview(conversation) {
    const writing = conversation.id !== selected && chat.typingWords(conversation.id);
    if (writing) return {kind: 'writing', text: writing};
    const unsent = chat.outbox.of(conversation.id);
    if (unsent.some((entry) => entry.state === FAILED)) return {kind: 'failed', text: 'Not sent'};
    const draft = conversation.id === selected ? '' : chat.draft(conversation.id);
    if (draft) return {kind: 'draft', text: `Draft: ${oneLine(draft)}`};
    const last = unsent.at(-1) ?? conversation.last_message;
    if (!last) return {kind: 'none', text: conversation.type === 'direct' ? 'Say hello' : 'New group'};
    if (last.deleted_at) return {kind: 'none', text: 'Message deleted'};
    if (last.type === 'system') return {kind: 'none', text: inShort(last, chat)};
    const mine = !last.sender_id || last.sender_id === chat.me.id;
    if (mine) return {kind: 'text', text: `You: ${inShort(last)}`};
    if (conversation.type === 'direct') return {kind: 'text', text: inShort(last)};
    return {kind: 'text', text: `${chat.people.name(last.sender_id)}: ${inShort(last)}`};
  }

  function build({key, conversation}) {
    const link = h(
      'a',
      {class: 'conversation', href: `#/c/${key}`, data: {id: key}},
      flag(
        conversation.type === 'direct' ? chat.otherOf(conversation) : key,
        conversation.type === 'direct' ? 'person' : 'group',
      ),
      h('span', {class: 'conversation-title', dir: 'auto'}),
      h('time', {class: 'conversation-time'}),
      h('span', {class: 'conversation-preview', dir: 'auto'}),
      h('span', {class: 'badge', hidden: true}),
      h('span', {class: 'presence', hidden: true}),
    );
    return h('li', {}, link);
  }

  function refresh(item, row) {
    const link = item.firstChild;
    const [, title, time, text, badge, dot] = link.children;
    title.textContent = row.title;
    const at = new Date(row.at);
    time.textContent = shortTime(at);
    time.dateTime = row.at;
    time.title = exactTime(at);
    text.textContent = row.preview.text;
    text.dataset.kind = row.preview.kind;
    badge.hidden = row.unread === 0;
    fill(badge, row.unread > 99 ? '99+' : String(row.unread), h('span', {class: 'unseen'}, ' unread'));
    showPresence(dot, row.status);
    link.classList.toggle('has-unread', row.unread > 0 && !row.quiet);
    link.classList.toggle('is-quiet', row.quiet);
    if (row.key === selected) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }

  /** Arrows walk through the list; Home and End jump. */
  function walk(event) {
    const links = [...items.querySelectorAll('a')];
    const at = links.indexOf(document.activeElement);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1}[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    if (to < 0) search.focus();
    else links[Math.min(to, links.length - 1)].focus();
  }

  search.onLeave(() => items.querySelector('a')?.focus());

  const nearEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 300;
  let loadingMore = false;

  async function loadMore() {
    if (loadingMore || !chat.conversations.hasMore) return;
    loadingMore = true;
    try {
      await chat.loadMore();
    } catch (failure) {
      showSentence(place, sentence(failure));
    } finally {
      loadingMore = false;
    }
  }

  const renderSoon = coalesced(render);
  const ends = [
    chat.on('list', renderSoon),
    chat.on('people', renderSoon),
    chat.on('typing', renderSoon),
    chat.on('presence', renderSoon),
    renderSoon.cancel,
  ];
  render();

  return {
    element,
    select(id) {
      selected = id;
      render();
    },
    /** Back from a conversation: its own row, so that the place in the list is kept. */
    focus(id) {
      const row = id && rows.get(id)?.firstChild;
      if (row) row.focus();
      else if (!matchMedia('(pointer: coarse)').matches) search.focus();
    },
    find: () => search.focus(),
    destroy: () => ends.forEach((end) => end()),
  };
}

const oneLine = (text) => (text ?? '').slice(0, 200).replace(/\s+/gu, ' ');
