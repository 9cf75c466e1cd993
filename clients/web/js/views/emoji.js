/** Picks one emoji: a few that people use most, and any other that their keyboard makes. */
import {h} from '../dom.js';
import {popup} from './popup.js';

const COMMON = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '👀', '✅', '🔥', '👎', '🚀'];
const COLUMNS = 6;
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;

export function pickEmoji(anchor, onPick) {
  const input = h('input', {
    type: 'text',
    'aria-label': 'Another emoji',
    placeholder: 'Another emoji',
    autocomplete: 'off',
    on: {input: () => input.removeAttribute('aria-invalid')},
  });
  const buttons = COMMON.map((emoji) =>
    h('button', {type: 'button', class: 'emoji', 'aria-label': emoji, on: {click: () => pick(emoji)}}, emoji),
  );
  const close = popup(
    anchor,
    h(
      'form',
      {class: 'emoji-picker', novalidate: true, on: {submit: typed}},
      h('div', {class: 'emoji-grid', on: {keydown: walk}}, ...buttons),
      input,
    ),
    {label: 'Pick a reaction'},
  );

  function pick(emoji) {
    close();
    onPick(emoji);
  }

  function typed(event) {
    event.preventDefault();
    const [first] = new Intl.Segmenter().segment(input.value.trim());
    if (first && EMOJI.test(first.segment)) pick(first.segment);
    else input.setAttribute('aria-invalid', 'true');
  }

  function walk(event) {
    const at = buttons.indexOf(document.activeElement);
    const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS}[event.key];
    if (step === undefined) return;
    event.preventDefault();
    (buttons[at + step] ?? (step > 0 ? input : buttons[at])).focus();
  }

  buttons[0].focus();
}
