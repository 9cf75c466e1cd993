/** Finds people by the first letters of their name. Used to start a direct conversation and to fill a group. */
import {announce} from '../announcer.js';
import {api} from '../api.js';
import {fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {sentence} from '../problems.js';

/** A pause in typing after which the server is asked. */
const TYPING_PAUSE_MS = 180;
let count = 0;

export function peopleSearch(chat, {label, placeholder, onPick, leftOut = () => false, hint = false}) {
  const id = `search-${++count}`;
  let timer = 0;
  let asked = 0;
  let active = () => {};
  let leave = () => {};
  const input = h('input', {
    id,
    type: 'search',
    placeholder,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    dir: 'auto',
    'aria-describedby': `${id}-keys`,
    on: {input: typed, keydown: keys},
  });
  const results = h('ul', {class: 'found', 'aria-label': 'People found', hidden: true, on: {keydown: walk}});
  const message = h('p', {class: 'found-message', hidden: true});
  const element = h(
    'div',
    {class: 'people-search'},
    h('label', {class: 'unseen', for: id}, label),
    h(
      'div',
      {class: 'search-box'},
      input,
      hint ? h('kbd', {class: 'search-key', 'aria-hidden': 'true'}, 'Ctrl K') : null,
    ),
    h(
      'p',
      {class: 'unseen', id: `${id}-keys`},
      'Type the first letters of a name, then press arrow down for the results.',
    ),
    message,
    results,
  );

  function typed() {
    clearTimeout(timer);
    const prefix = input.value.trim();
    active(prefix !== '');
    if (!prefix) return show([], '');
    timer = setTimeout(() => find(prefix), TYPING_PAUSE_MS);
  }

  async function find(prefix) {
    const mine = ++asked;
    try {
      const page = await api.findUsers(prefix);
      if (mine !== asked || input.value.trim() !== prefix) return;
      const people = page.items.filter((person) => person.id !== chat.me.id && !leftOut(person.id));
      show(people, people.length ? '' : `Nobody here goes by “${prefix}”.`);
      announce(people.length === 1 ? '1 person found' : `${people.length} people found`);
    } catch (failure) {
      if (mine === asked) show([], sentence(failure));
    }
  }

  function show(people, words) {
    message.textContent = words;
    message.hidden = !words;
    results.hidden = people.length === 0;
    fill(
      results,
      ...people.map((person) =>
        h(
          'li',
          {},
          h(
            'button',
            {type: 'button', class: 'person', on: {click: () => onPick(person)}},
            flag(person.id),
            h('span', {class: 'person-name', dir: 'auto'}, person.display_name || person.username),
            h('span', {class: 'person-handle', dir: 'ltr'}, `@${person.username}`),
          ),
        ),
      ),
    );
  }

  function keys(event) {
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      const first = results.querySelector('button');
      if (first) first.focus();
      else leave();
    } else if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      results.querySelector('button')?.click();
    } else if (event.key === 'Escape' && input.value) {
      event.preventDefault();
      event.stopPropagation();
      clear();
    }
  }

  function walk(event) {
    const buttons = [...results.querySelectorAll('button')];
    const at = buttons.indexOf(document.activeElement);
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      input.focus();
      return;
    }
    const to = {ArrowDown: at + 1, ArrowUp: at - 1}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < 0) input.focus();
    else buttons[Math.min(to, buttons.length - 1)].focus();
  }

  function clear() {
    clearTimeout(timer);
    asked++;
    input.value = '';
    show([], '');
    active(false);
  }

  return {
    element,
    input,
    clear,
    focus: () => input.focus(),
    onActive: (listener) => (active = listener),
    /** Arrow down with nothing found goes on to what comes after the search. */
    onLeave: (listener) => (leave = listener),
  };
}
