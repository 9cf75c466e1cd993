/** Fields that carry their own label, hint and mistake, so that every form of the page says them in the same way. */
import {fill, h} from '../dom.js';
import {byField, sentence} from '../problems.js';

let count = 0;

/** A labelled input. `say(sentence)` shows what is wrong with it; an empty sentence takes that back. */
export function field({name, label, hint = '', ...attributes}) {
  const id = `field-${++count}`;
  const mistake = h('p', {class: 'mistake', id: `${id}-mistake`, hidden: true});
  const input = h('input', {
    id,
    name,
    required: true,
    'aria-describedby': `${id}-mistake${hint ? ` ${id}-hint` : ''}`,
    ...attributes,
    on: {input: () => say('')},
  });
  const element = h(
    'div',
    {class: 'field'},
    h('label', {for: id}, label),
    input,
    hint ? h('p', {class: 'hint', id: `${id}-hint`}, hint) : null,
    mistake,
  );

  function say(words) {
    mistake.textContent = words;
    mistake.hidden = !words;
    if (words) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }

  return {name, element, input, say};
}

/** Shows a failure beside the fields it names, or in `place` when it names none of them, and moves the focus to it. */
export function showFailure(failure, fields, place) {
  const said = byField(failure);
  const wrong = fields.filter((one) => said[one.name]);
  for (const one of fields) one.say(said[one.name] ?? '');
  if (wrong.length > 0) {
    place.hidden = true;
    wrong[0].input.focus();
    return;
  }
  showSentence(place, sentence(failure));
}

export function alertPlace() {
  return h('p', {class: 'alert', role: 'alert', hidden: true});
}

export function showSentence(place, words) {
  fill(place, words);
  place.hidden = !words;
}

/** Runs `work` once at a time, with the button showing that it runs. */
export async function whileBusy(button, work) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  button.classList.add('busy');
  try {
    await work();
  } finally {
    button.removeAttribute('aria-disabled');
    button.classList.remove('busy');
  }
}
