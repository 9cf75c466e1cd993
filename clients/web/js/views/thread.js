/**
 * One open conversation: its heading, its messages and the place to write. Keeps the reader's place while messages come
 * and go.
 */
import {announce} from '../announcer.js';
import {coalesced} from '../coalesce.js';
import {h, fill, reconcile} from '../dom.js';
import {flag} from '../flags.js';
import {sentence} from '../problems.js';
import {composer} from './composer.js';
import {acceptDrops} from './drop.js';
import {alertPlace, showSentence} from './form.js';
import {buildRow, refreshRow} from './message.js';
import {messageActions} from './message-actions.js';
import {pinsBar} from './pins.js';
import {rowsOf} from './rows.js';
import {threadHead} from './thread-head.js';
import {messageTools} from './tools.js';

/** As near to the end as this counts as reading along. */
const AT_END_PX = 90;
/** Older messages are fetched before the reader meets the top. */
const NEAR_TOP_PX = 600;
/** The message that someone jumped to stands out for this long. */
const FOUND_SHOWN_MS = 2_500;
/** After history was put in, the log speaks again for what is new. */
const SPEAK_AGAIN_MS = 700;

export function thread(chat, id, {onBack, onDetails, onSearch}) {
  const built = new Map();
  const heading = threadHead(chat, id, {onBack, onDetails, onSearch});
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
  const jump = h('button', {type: 'button', class: 'jump', hidden: true, on: {click: toNewest}});
  const writing = composer(chat, id, {onSent: sent, onEditLast: editLast});
  const place = alertPlace();
  const actions = messageActions(chat, {writing, jump: jumpTo, say: (words) => showSentence(place, words)});
  const tools = messageTools(log, actions);
  const body = h('div', {class: 'thread-body'}, scroller, jump);
  const pins = pinsBar(chat, id, {jump: jumpTo});
  const readOnly = h('p', {class: 'read-only', hidden: true}, 'Only admins write here.');
  acceptDrops(body, (files) => writing.attach(files));
  const element = h(
    'section',
    {class: 'thread', 'aria-labelledby': 'thread-title', on: {keydown: escape}},
    heading.element,
    pins.element,
    body,
    place,
    writing.element,
    readOnly,
  );

  let following = true;
  let firstUnread = 0;
  let placed = false;
  let left = false;
  let closed = false;
  let speaking = 0;
  let olderFailed = false;
  let restored = false;

  const conversation = () => chat.conversations.get(id);
  const renderSoon = coalesced(() => {
    renderHeading();
    render();
  });

  function renderHeading() {
    heading.render();
    writing.setName(heading.title.textContent);
    pins.render();
    readOnly.hidden = left || chat.acts.mayWrite(id);
    writing.element.hidden = left || !readOnly.hidden;
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
      find,
    });
    const oldFirst = log.dataset.first;
    reconcile(log, rows, built, (row) => buildRow(row, actions), refreshRow);
    tools.refresh();
    log.dataset.first = loaded ? timeline.oldest : '';
    older.hidden = !timeline?.hasOlder;
    renderEmpty(loaded, rows.length === 0);
    if (!loaded) return;
    restoreAnswer();
    if (!placed) return takePlace();
    if (following) toEnd();
    else if (oldFirst !== log.dataset.first) scroller.scrollTop = scroller.scrollHeight - fromBottom;
    renderJump(timeline);
    look();
  }

  function find(seq) {
    const message = chat.history.of(id)?.find(seq);
    if (!message && seq) chat.history.want(id, seq);
    return message;
  }

  /** What was being answered before a reload, once. */
  function restoreAnswer() {
    if (restored) return;
    restored = true;
    writing.restore((seq) => chat.history.of(id)?.find(seq));
  }

  function editLast() {
    const last = chat.history.of(id)?.messages.findLast(chat.acts.mayEdit);
    if (last) writing.edit(last);
    return Boolean(last);
  }

  function sent() {
    showSentence(place, '');
    following = true;
    if (chat.history.of(id)?.hasNewer) toNewest();
  }

  /** Goes to one message and shows which one it is; loads the stretch around it where it is not here. */
  async function jumpTo(seq) {
    try {
      if (!chat.history.of(id)?.has(seq)) {
        placed = true; // The place is the message, not the end.
        following = false;
        if (!(await chat.history.openAround(id, seq))) throw Object.assign(new Error(), {status: 404});
        if (closed) return;
      }
      following = false;
      render();
      const element = log.querySelector(`[data-seq="${seq}"]`);
      element.scrollIntoView({block: 'center'});
      element.focus({preventScroll: true});
      element.classList.remove('found-here');
      requestAnimationFrame(() => element.classList.add('found-here'));
      setTimeout(() => element.classList.remove('found-here'), FOUND_SHOWN_MS);
      speakSoon();
    } catch (failure) {
      showSentence(place, failure.status === 404 ? 'That message is not here any more.' : sentence(failure));
    }
  }

  async function toNewest() {
    if (!chat.history.of(id)?.hasNewer) return toEnd(true);
    placed = false;
    firstUnread = 0;
    announce('Back to the newest messages');
    try {
      await chat.history.renew(id);
    } catch (failure) {
      placed = true;
      showSentence(place, sentence(failure));
    }
  }

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
  function takePlace() {
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

  const isAtEnd = () =>
    !chat.history.of(id)?.hasNewer &&
    scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < AT_END_PX;

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
    if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_TOP_PX) loadNewer();
  }

  /** What cannot be fetched now is fetched at the next scroll. */
  function loadNewer() {
    if (chat.history.of(id)?.hasNewer) chat.history.loadNewer(id).catch(() => {});
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
    jump.hidden = following && !timeline?.hasNewer;
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
      chat.marks.watch(id);
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
    chat.on('presence', () => heading.render()),
    chat.on('typing', (where) => where === id && heading.render()),
    chat.on('list', listChanged),
    chat.on('gone', (dropped) => dropped === id && leave()),
    chat.on('reset', reset),
    chat.on('membership', (event) => event.conversation_id === id && chat.marks.watch(id)),
  ];
  document.addEventListener('visibilitychange', visible);
  const resized = new ResizeObserver(() => placed && following && toEnd());

  return {
    id,
    element,
    /** With a `seq` the reader starts there. */
    async start(seq) {
      renderHeading();
      resized.observe(scroller);
      await load();
      if (seq && !closed && !left) await jumpTo(seq);
    },
    jump: jumpTo,
    focus() {
      if (matchMedia('(pointer: coarse)').matches) heading.title.focus();
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
