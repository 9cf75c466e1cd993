/** Where messages are written. What stands here is kept as a draft of its conversation with every letter. */
import {h} from '../dom.js';

/** The server's limit, in code points. */
const LONGEST = 10_000;
const WARN_FROM = 9_000;
const TALLEST_PX = 220;

export function composer(chat, id, {onSent}) {
  const counter = h('p', {class: 'counter', role: 'status', hidden: true});
  const area = h('textarea', {
    rows: 1,
    dir: 'auto',
    enterkeyhint: 'send',
    autocapitalize: 'sentences',
    'aria-label': 'Message',
    'aria-describedby': 'composer-keys',
    on: {input: changed, keydown: keys},
  });
  const button = h('button', {type: 'submit', class: 'send', 'aria-label': 'Send'}, sendMark());
  const element = h(
    'form',
    {class: 'composer', on: {submit: send}},
    h('div', {class: 'composer-box'}, area, button),
    h(
      'p',
      {class: 'unseen', id: 'composer-keys'},
      'Enter sends, Shift and Enter starts a new line, Escape goes back to the list.',
    ),
    counter,
  );

  function changed() {
    chat.keepDraft(id, area.value);
    fit();
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
    button.classList.toggle('ready', area.value.trim() !== '' && length <= LONGEST);
  }

  /** While an input method composes, Enter belongs to it. */
  function keys(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send(event);
  }

  function send(event) {
    event.preventDefault();
    const text = area.value.trim();
    if (!text || [...text].length > LONGEST) return;
    area.value = '';
    chat.keepDraft(id, '');
    fit();
    onSent();
    chat.outbox.add(id, text);
    area.focus();
  }

  area.value = chat.draft(id);
  const sized = requestAnimationFrame(fit);

  return {
    element,
    focus: () => area.focus(),
    setName: (name) => (area.placeholder = `Write to ${name}`),
    destroy: () => cancelAnimationFrame(sized),
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
