/**
 * Where messages are written, answered and changed. What stands here is kept as a draft of its conversation with every
 * letter.
 */
import {h} from '../dom.js';
import {mentionedIds} from '../mentions.js';
import {sentence} from '../problems.js';
import {aboutBar} from './about-bar.js';
import {attachments} from './attachments.js';
import {alertPlace, showSentence, whileBusy} from './form.js';
import {mentionList} from './mention-list.js';
import {inShort} from './rows.js';

/** The server's limit, in code points. */
const LONGEST = 10_000;
const WARN_FROM = 9_000;
const TALLEST_PX = 220;

export function composer(chat, id, {onSent, onEditLast}) {
  const counter = h('p', {class: 'counter', role: 'status', hidden: true});
  const area = h('textarea', {
    rows: 1,
    dir: 'auto',
    enterkeyhint: 'send',
    autocapitalize: 'sentences',
    'aria-label': 'Message',
    'aria-describedby': 'composer-keys',
    on: {input: changed, keydown: keys, blur: () => mentions.hide(), paste: pasted},
  });
  const mentions = mentionList(chat, id, area, {onChanged: changed});
  const bar = aboutBar({onCancel: cancel});
  const place = alertPlace();
  const files = attachments(chat, id, {
    onChanged: () => fit(),
    onReady: () => sendWhenReady && send(),
    say: (words) => showSentence(place, words),
  });
  const button = h('button', {type: 'submit', class: 'send', 'aria-label': 'Send'}, sendMark());
  const element = h(
    'form',
    {class: 'composer', on: {submit: send}},
    place,
    bar.element,
    mentions.element,
    files.tray,
    h('div', {class: 'composer-box'}, files.button, files.picker, area, button),
    h(
      'p',
      {class: 'unseen', id: 'composer-keys'},
      'Enter sends, Shift and Enter starts a new line, arrow up changes your last message, Escape goes back to the list.',
    ),
    counter,
  );
  /** The message that is answered, or the one that is changed, with the draft that waits meanwhile. */
  let answered = null;
  let edited = null;
  /** Send was pressed while files were on their way. */
  let sendWhenReady = false;

  function changed() {
    if (!edited) chat.keepDraft(id, area.value);
    if (area.value && !edited) chat.typing.wrote(id);
    fit();
    mentions.refresh();
  }

  function fit() {
    area.style.height = 'auto';
    area.style.height = `${Math.min(area.scrollHeight, TALLEST_PX)}px`;
    const length = [...area.value].length;
    counter.hidden = length < WARN_FROM;
    counter.textContent =
      length > LONGEST
        ? `${(length - LONGEST).toLocaleString()} characters too many for one message`
        : `${(LONGEST - length).toLocaleString()} characters left`;
    counter.classList.toggle('too-long', length > LONGEST);
    button.classList.toggle('ready', (area.value.trim() !== '' || files.size > 0) && length <= LONGEST);
  }

  function keys(event) {
    // While an input method composes, its keys belong to it.
    if (event.isComposing || event.keyCode === 229 || mentions.key(event)) return;
    if (event.key === 'Escape' && (answered || edited)) {
      event.preventDefault();
      event.stopPropagation();
      cancel();
    } else if (event.key === 'ArrowUp' && area.value === '' && !edited) {
      if (onEditLast()) event.preventDefault();
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send(event);
    }
  }

  function send(event) {
    event?.preventDefault();
    const text = area.value.trim();
    if ([...text].length > LONGEST) return;
    if (edited) return text ? save(text) : undefined;
    if (!text && files.size === 0) return;
    if (files.hasFailed()) return showSentence(place, 'A file did not arrive. Try it again, or take it out.');
    sendWhenReady = !files.isReady();
    showSentence(place, sendWhenReady ? 'This is sent as soon as the files have arrived.' : '');
    if (!sendWhenReady) hand(text);
  }

  /** Gives it to the outbox, which does the rest. */
  function hand(text) {
    const people = mentionedIds(chat, id, text);
    const more = {};
    if (answered) more.reply_to = answered.seq;
    if (people.length > 0) more.mentions = people;
    area.value = '';
    chat.keepDraft(id, '');
    answer(null);
    onSent();
    chat.outbox.add(id, text, more, files.take());
    fit();
    area.focus();
  }

  function pasted(event) {
    const pastedFiles = [...(event.clipboardData?.files ?? [])];
    if (pastedFiles.length === 0 || edited) return;
    event.preventDefault();
    files.add(pastedFiles);
  }

  /** What was changed stays in the composer until the server has it. */
  function save(text) {
    const {message} = edited;
    return whileBusy(button, async () => {
      try {
        if (text !== message.text) await chat.acts.edit(message, text);
        if (edited?.message === message) cancel();
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
  }

  function edit(message) {
    if (edited) cancel();
    answer(null);
    edited = {message, draft: area.value};
    bar.show('Changing your message', inShort(message));
    button.setAttribute('aria-label', 'Save');
    write(message.text ?? '');
  }

  function answer(message) {
    answered = message;
    if (message) chat.keepsakes.set(`answered.${id}`, message.seq);
    else chat.keepsakes.remove(`answered.${id}`);
    if (!message) return bar.hide();
    const who = chat.acts.isOwn(message) ? 'yourself' : chat.people.name(message.sender_id);
    bar.show(`Answering ${who}`, inShort(message));
  }

  function cancel() {
    const draft = edited?.draft;
    edited = null;
    answer(null);
    showSentence(place, '');
    button.setAttribute('aria-label', 'Send');
    if (draft !== undefined) write(draft);
    else area.focus();
  }

  function write(text) {
    area.value = text;
    fit();
    area.focus();
    area.setSelectionRange(text.length, text.length);
  }

  area.value = chat.draft(id);
  const sized = requestAnimationFrame(fit);

  return {
    element,
    focus: () => area.focus(),
    setName: (name) => (area.placeholder = `Write to ${name}`),
    edit,
    reply(message) {
      if (edited) cancel();
      answer(message);
      area.focus();
    },
    /** After a reload: the message that was being answered is here again. */
    restore(find) {
      const message = find(chat.keepsakes.get(`answered.${id}`));
      if (message && !message.deleted_at) answer(message);
    },
    /** Files that were dropped on the conversation. */
    attach(dropped) {
      if (!edited) files.add(dropped);
      area.focus();
    },
    destroy() {
      cancelAnimationFrame(sized);
      files.destroy();
    },
  };
}

function sendMark() {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', 'M12 20V5M5 12l7-7 7 7');
  svg.append(path);
  return svg;
}
