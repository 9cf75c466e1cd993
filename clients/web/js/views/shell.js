/**
 * The chat as a whole: the list beside the open conversation, or one of the two on a phone. Owns the address
 * (`#/c/<id>`, and `#/c/<id>/<seq>` for one message there).
 */
import {announce} from '../announcer.js';
import {coalesced} from '../coalesce.js';
import {fill, h} from '../dom.js';
import {letterFlag} from '../flags.js';
import {isMentioned} from '../mentions.js';
import {accountDialog} from './account.js';
import {channelsDialog} from './channels.js';
import {connectionView} from './connection.js';
import {detailsDialog} from './details.js';
import {findMessagesDialog} from './find-messages.js';
import {newGroupDialog} from './group.js';
import {inviteDialog} from './invites.js';
import {pushOffer} from './push-offer.js';
import {sidebar} from './sidebar.js';
import {thread} from './thread.js';

const INVITE = /^#invite=([\w-]+)$/;
const ROUTE = /^#\/c\/([0-9A-Za-z]+)(?:\/(\d+))?$/;

export function shell(chat, {onLogOut}) {
  let open = null;
  const connection = connectionView(chat);
  const list = sidebar(chat, {
    onOpen: go,
    onChannels: () => channelsDialog(chat, {onOpen: go}),
    onSearch: () => search(),
    onNewGroup: () => newGroupDialog(chat, {onCreated: go}),
    onAccount: () => accountDialog(chat, {onLogOut}),
    light: connection.light,
  });
  const stage = h('main', {class: 'stage'});
  const panes = h('div', {class: 'panes'}, list.element, stage);
  const offer = pushOffer(chat, {onDone: () => (open ?? list).focus()});
  const element = h('div', {class: 'shell'}, connection.line, offer.element, panes);

  function go(id, seq) {
    const address = seq ? `#/c/${id}/${seq}` : `#/c/${id}`;
    if (location.hash === address) open?.focus();
    else location.hash = address;
  }

  /** Where a notification leads that was pressed. */
  async function follow(hash) {
    const id = ROUTE.exec(hash)?.[1];
    if (!id) return;
    await Promise.all([...document.querySelectorAll('dialog[open]')].map(closed));
    go(id);
  }

  const search = (id) => findMessagesDialog(chat, id, {onOpen: go});

  function route() {
    const token = INVITE.exec(location.hash)?.[1];
    if (token) {
      history.replaceState(null, '', open ? `#/c/${open.id}` : '#/'); // A link is followed once.
      inviteDialog(chat, token, {onJoined: go});
      if (open) return;
    }
    const [, id, seq] = ROUTE.exec(location.hash) ?? [];
    const cameFrom = open?.id;
    if (seq) history.replaceState(null, '', `#/c/${id}`); // A reload shows the newest again.
    if (id === cameFrom && id) return seq && open.jump(Number(seq));
    open?.destroy();
    open = null;
    panes.dataset.showing = id ? 'thread' : 'list';
    list.select(id);
    if (!id) {
      fill(stage, nothingOpen());
      if (cameFrom) list.focus(cameFrom);
      retitle();
      return;
    }
    open = thread(chat, id, {
      onBack: () => (location.hash = '#/'),
      onSearch: () => search(id),
      onDetails: () => detailsDialog(chat, id, {onLeft: () => (location.hash = '#/'), onOpen: go}),
    });
    fill(stage, open.element);
    open.focus();
    open.start(Number(seq));
    retitle();
  }

  function retitle() {
    const unread = chat.unreadTotal();
    const conversation = open && chat.conversations.get(open.id);
    const name = conversation ? `${chat.title(conversation)} · Parley` : 'Parley';
    document.title = unread > 0 ? `(${unread > 99 ? '99+' : unread}) ${name}` : name;
  }

  /** What happens in a conversation that is not open is said, not only shown. */
  async function arrived(message) {
    const level = chat.safety.level(chat.conversations.get(message.conversation_id) ?? {});
    if (level === 'none' || (level === 'mentions' && !isMentioned(chat, message))) return;
    if (message.sender_id === chat.me.id || (open?.id === message.conversation_id && !document.hidden)) return;
    const who = await chat.people.nameOnceKnown(message.sender_id);
    announce(isMentioned(chat, message) ? `${who} mentioned you` : `New message from ${who}`);
  }

  async function membership({type, conversation_id: id, data}) {
    if (open?.id !== id || !data?.user_id) return;
    const who = await chat.people.nameOnceKnown(data.user_id);
    if (type === 'member.joined') announce(`${who} is here now.`);
    if (type === 'member.left') announce(`${who} left.`);
  }

  /** Ctrl+K or Cmd+K finds a person from anywhere. */
  function shortcut(event) {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k') return;
    if (document.querySelector('dialog[open]')) return;
    event.preventDefault();
    if (panes.dataset.showing === 'thread' && matchMedia('(max-width: 759px)').matches) location.hash = '#/';
    list.find();
  }

  const retitleSoon = coalesced(retitle);
  const ends = [
    chat.on('list', retitleSoon),
    chat.on('people', retitleSoon),
    retitleSoon.cancel,
    chat.on('arrived', arrived),
    chat.on('membership', membership),
    chat.push.on('open', follow),
  ];
  addEventListener('hashchange', route);
  document.addEventListener('keydown', shortcut);

  return {
    element,
    start() {
      route();
      if (!open) list.focus();
    },
    destroy() {
      removeEventListener('hashchange', route);
      document.removeEventListener('keydown', shortcut);
      ends.forEach((end) => end());
      open?.destroy();
      list.destroy();
      connection.destroy();
      offer.destroy();
    },
  };
}

/** Closes a window, and waits until it has given back the focus. */
function closed(dialog) {
  return new Promise((resolve) => {
    dialog.addEventListener('close', resolve, {once: true});
    dialog.close();
  });
}

function nothingOpen() {
  return h(
    'div',
    {class: 'nothing-open'},
    h('div', {class: 'hoist-flat'}, ...[...'PARLEY'].map(letterFlag)),
    h('p', {class: 'nothing-title'}, 'All quiet on deck'),
    h('p', {}, 'Pick a conversation, or find someone to talk to.'),
    h('p', {class: 'keys'}, h('kbd', {}, 'Ctrl'), ' ', h('kbd', {}, 'K'), ' finds a person'),
  );
}
