/**
 * One open conversation: its heading, its messages and the place to write. Keeps the reader's place while messages come
 * and go.
 */
import {coalesced} from '../coalesce.js';
import {h, fill, reconcile} from '../dom.js';
import {flag} from '../flags.js';
import {sentence} from '../problems.js';
import {composer} from './composer.js';
import {buildRow, refreshRow} from './message.js';
import {rowsOf} from './rows.js';

/** As near to the end as this counts as reading along. */
const AT_END_PX = 90;
/** Older messages are fetched before the reader meets the top. */
const NEAR_TOP_PX = 600;
/** After history was put in, the log speaks again for what is new. */
const SPEAK_AGAIN_MS = 700;

export function thread(chat, id, {onBack, onDetails}) {
  const built = new Map();
  const title = h('h2', {class: 'thread-title', id: 'thread-title', dir: 'auto', tabindex: -1});
  const subtitle = h('p', {class: 'thread-subtitle'});
  const heading = h('header', {class: 'thread-head'});
  const older = h(
    'button',
    {type: 'button', class: 'more', hidden: true, on: {click: () => loadOlder()}},
    'Show earlier messages',
  );
  const log = h('div', {class: 'log', role: 'log', 'aria-live': 'off', 'aria-label': 'Messages'});
  const empty = h('div', {class: 'empty-thread', hidden: true});
  const scroller = h(
    'div',
    {
      class: 'scroller thread-scroller',
      tabindex: 0,
      'aria-label': 'Message history',
      role: 'group',
      on: {scroll: scrolled},
    },
    h('div', {class: 'column'}, older, empty, log),
  );
  const jump = h('button', {type: 'button', class: 'jump', hidden: true, on: {click: () => toEnd(true)}});
  const writing = composer(chat, id, {onSent: () => (following = true)});
  const element = h(
    'section',
    {class: 'thread', 'aria-labelledby': 'thread-title', on: {keydown: escape}},
    heading,
    h('div', {class: 'thread-body'}, scroller, jump),
    writing.element,
  );

  let following = true;
  let firstUnread = 0;
  let placed = false;
  let left = false;
  let closed = false;
  let speaking = 0;
  let olderFailed = false;

  const conversation = () => chat.conversations.get(id);
  const renderSoon = coalesced(() => {
    renderHeading();
    render();
  });

  function renderHeading() {
    const one = conversation();
    title.textContent = one ? chat.title(one) : '…';
    subtitle.textContent = one ? underTitle(one) : '';
    writing.setName(title.textContent);
    const kind = one?.type === 'direct' ? 'person' : 'group';
    if (heading.dataset.kind === kind && one) return;
    if (one) heading.dataset.kind = kind;
    fill(
      heading,
      h(
        'button',
        {type: 'button', class: 'icon back', 'aria-label': 'Back to the conversations', on: {click: onBack}},
        '←',
      ),
      one ? flag(one.type === 'direct' ? chat.otherOf(one) : one.id, kind) : null,
      h('div', {class: 'thread-names'}, title, subtitle),
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
      return other?.username ? `@${other.username}` : '';
    }
    return one.member_count === 1 ? 'Only you' : `${one.member_count ?? one.members?.length ?? ''} members`;
  }

  function render() {
    const timeline = chat.history.of(id);
    if (left || closed) return;
    const atTop = scroller.scrollTop;
    const fromBottom = scroller.scrollHeight - atTop;
    const loaded = timeline?.loaded ?? false;
    const rows = rowsOf(chat, {
      messages: loaded ? timeline.messages : [],
      unsent: chat.outbox.of(id),
      isGroup: conversation()?.type !== 'direct',
      firstUnread,
    });
    const oldFirst = log.dataset.first;
    reconcile(log, rows, built, (row) => buildRow(row, actions), refreshRow);
    log.dataset.first = loaded ? timeline.oldest : '';
    older.hidden = !timeline?.hasOlder;
    renderEmpty(loaded, rows.length === 0);
    if (!loaded) return;
    if (!placed) return place();
    if (following) toEnd();
    else if (oldFirst !== log.dataset.first) scroller.scrollTop = scroller.scrollHeight - fromBottom;
    renderJump(timeline);
    look();
  }

  const actions = {retry: (key) => chat.outbox.retry(key), discard: (key) => chat.outbox.discard(key)};

  function renderEmpty(loaded, isEmpty) {
    empty.hidden = !isEmpty;
    if (!isEmpty) return;
    const one = conversation();
    fill(
      empty,
      ...(loaded
        ? [
            one
              ? flag(one.type === 'direct' ? chat.otherOf(one) : id, one.type === 'direct' ? 'person' : 'group')
              : null,
            h('p', {class: 'nothing-title'}, 'Nothing said yet'),
            h('p', {}, 'The first word is yours.'),
          ]
        : [h('p', {class: 'muted'}, 'Fetching the messages…')]),
    );
  }

  /** Where the reader starts: at the first message they have not seen, else at the end. */
  function place() {
    placed = true;
    const divider = log.querySelector('.divider-new');
    toEnd();
    if (divider && divider.offsetTop < scroller.scrollTop) {
      scroller.scrollTop = Math.max(0, divider.offsetTop - scroller.clientHeight / 4);
      following = isAtEnd();
    }
    renderJump(chat.history.of(id));
    look();
    fillScreen();
    speakSoon();
  }

  const isAtEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < AT_END_PX;

  function toEnd(byHand = false) {
    following = true;
    scroller.scrollTo({
      top: scroller.scrollHeight,
      behavior: byHand && !matchMedia('(prefers-reduced-motion: reduce)').matches ? 'smooth' : 'instant',
    });
  }

  function scrolled() {
    if (!placed) return;
    following = isAtEnd();
    renderJump(chat.history.of(id));
    look();
    if (scroller.scrollTop < NEAR_TOP_PX && !olderFailed) loadOlder();
  }

  /** A first page shorter than the screen leaves nothing to scroll, so the next one is fetched at once. */
  function fillScreen() {
    if (scroller.scrollTop < NEAR_TOP_PX && !olderFailed) loadOlder();
  }

  async function loadOlder() {
    const before = chat.history.of(id)?.oldest;
    if (chat.history.isLoadingOlder(id) || !chat.history.of(id)?.hasOlder) return;
    log.setAttribute('aria-live', 'off');
    older.textContent = 'Fetching earlier messages…';
    olderFailed = false;
    try {
      await chat.history.loadOlder(id);
      older.textContent = 'Show earlier messages';
    } catch (failure) {
      olderFailed = true;
      older.textContent = 'Earlier messages did not come. Try again';
    }
    if (closed) return;
    render(); // Now, not soon: whether more is needed shows only when this page stands.
    speakSoon();
    if (chat.history.of(id)?.oldest !== before) fillScreen();
  }

  /** While history is being put in, a screen reader is not to read it all out. */
  function speakSoon() {
    clearTimeout(speaking);
    speaking = setTimeout(() => log.setAttribute('aria-live', 'polite'), SPEAK_AGAIN_MS);
  }

  function renderJump(timeline) {
    const one = conversation();
    const unread = one && timeline ? chat.unread.count(one) : 0;
    jump.hidden = following;
    fill(jump, unread > 0 ? `${unread} new ↓` : 'To the newest ↓');
  }

  /** Seen is what stands at the end of an open, visible page. */
  function look() {
    const timeline = chat.history.of(id);
    if (!placed || !following || document.hidden || !timeline) return;
    chat.look(id, timeline.newest);
  }

  function visible() {
    if (document.hidden) {
      firstUnread = 0;
      return;
    }
    markUnread();
    render();
  }

  /** Remembers where the line before what is new belongs, before looking at it makes it old. */
  function markUnread() {
    const one = conversation();
    if (one && chat.unread.count(one) > 0) firstUnread = chat.unread.seen(one) + 1;
  }

  function escape(event) {
    if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
    event.preventDefault();
    onBack();
  }

  async function load() {
    olderFailed = false;
    render();
    try {
      if (!conversation()) await chat.conversations.fetch(id);
      markUnread();
      await chat.history.open(id);
    } catch (failure) {
      if (closed || failure.status === 401) return;
      if (failure.status === 404) return leave();
      fill(
        empty,
        h('p', {}, sentence(failure)),
        h('button', {type: 'button', class: 'quiet', on: {click: load}}, 'Try again'),
      );
      empty.hidden = false;
    }
  }

  function leave() {
    left = true;
    writing.element.hidden = true;
    jump.hidden = true;
    older.hidden = true;
    fill(log);
    empty.hidden = false;
    fill(
      empty,
      h('p', {class: 'nothing-title'}, 'You are not in this conversation'),
      h('p', {}, 'Either you left, or someone took you out. What was sent since is not shown.'),
      h('button', {type: 'button', class: 'quiet', on: {click: onBack}}, 'Back to the conversations'),
    );
  }

  function reset() {
    placed = false;
    load();
  }

  /** Taken in again while the farewell was on the screen. */
  function comeBack() {
    left = false;
    writing.element.hidden = false;
    reset();
  }

  function listChanged() {
    if (left && conversation()) comeBack();
    renderSoon();
  }

  const ends = [
    chat.on('changed', (changed) => changed === id && renderSoon()),
    chat.on('people', renderSoon),
    chat.on('list', listChanged),
    chat.on('gone', (dropped) => dropped === id && leave()),
    chat.on('reset', reset),
  ];
  document.addEventListener('visibilitychange', visible);
  const resized = new ResizeObserver(() => placed && following && toEnd());

  return {
    id,
    element,
    async start() {
      renderHeading();
      resized.observe(scroller);
      await load();
    },
    focus() {
      if (matchMedia('(pointer: coarse)').matches) title.focus();
      else writing.focus();
    },
    destroy() {
      closed = true;
      clearTimeout(speaking);
      renderSoon.cancel();
      resized.disconnect();
      document.removeEventListener('visibilitychange', visible);
      ends.forEach((end) => end());
      writing.destroy();
    },
  };
}
