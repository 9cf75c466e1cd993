/** How one appears to others: a choice of three, and a few words. */
import {announce} from '../announcer.js';
import {api} from '../api.js';
import {h} from '../dom.js';
import {alertPlace, field, showFailure, whileBusy} from './form.js';

const CHOICES = [
  ['online', 'Online, while this page is open'],
  ['away', 'Away'],
  ['invisible', 'Invisible'],
];
const TEXT_LONGEST = 80;

/** A form; it hides itself where the server keeps no presence. */
export function statusForm() {
  const place = alertPlace();
  const words = field({
    name: 'text',
    label: 'A few words about now',
    autocomplete: 'off',
    dir: 'auto',
    maxlength: TEXT_LONGEST,
    required: false,
  });
  const radios = CHOICES.map(([value, label]) =>
    h('label', {class: 'choice'}, h('input', {type: 'radio', name: 'status', value}), label),
  );
  const button = h('button', {type: 'submit', class: 'quiet'}, 'Save status');
  const element = h(
    'form',
    {class: 'status-form', novalidate: true, hidden: true, on: {submit: save}},
    h('fieldset', {class: 'choices'}, h('legend', {class: 'field-label'}, 'How you appear'), ...radios),
    words.element,
    place,
    button,
  );

  async function load() {
    try {
      const mine = await api.myPresence();
      words.input.value = mine.text ?? '';
      for (const radio of element.querySelectorAll('[type="radio"]'))
        radio.checked = radio.value === (mine.status ?? 'online');
      element.hidden = false;
    } catch {
      // Without presence there is nothing to choose.
    }
  }

  async function save(event) {
    event.preventDefault();
    const status = element.querySelector('[type="radio"]:checked')?.value ?? 'online';
    const text = words.input.value.trim();
    await whileBusy(button, async () => {
      try {
        await api.setMyPresence(text ? {status, text} : {status});
        announce('Status saved.');
      } catch (failure) {
        showFailure(failure, [words], place);
      }
    });
  }

  load();
  return element;
}
