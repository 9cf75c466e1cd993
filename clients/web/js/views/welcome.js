/** Before anyone is logged in: the hoist that spells the name, and one form that signs up or logs in. */
import {api} from '../api.js';
import {fill, h} from '../dom.js';
import {letterFlag} from '../flags.js';
import {alertPlace, field, showFailure, showSentence, whileBusy} from './form.js';

const MODES = {
  logIn: {title: 'Welcome back', action: 'Log in', other: 'signUp', ask: 'New here?', turn: 'Create an account'},
  signUp: {title: 'Come aboard', action: 'Create account', other: 'logIn', ask: 'Already known here?', turn: 'Log in'},
};

export function welcome({onEntered, notice, isGood, known}) {
  const card = h('section', {class: 'welcome-card', 'aria-labelledby': 'welcome-title'});
  const element = h(
    'main',
    {class: 'welcome'},
    h(
      'div',
      {class: 'hoist-side'},
      h('div', {class: 'hoist'}, ...[...'PARLEY'].map(letterFlag)),
      h(
        'div',
        {class: 'hoist-words'},
        h('p', {class: 'wordmark'}, 'Parley'),
        h('p', {class: 'motto'}, 'Talk on your own line.'),
        h(
          'p',
          {class: 'small-print'},
          'Six signal flags, read from the top. Your server, your messages, nobody in between.',
        ),
      ),
    ),
    card,
  );
  let current;

  function show(mode, keep = {}) {
    current = form(mode, {onEntered, onTurn: (kept) => show(MODES[mode].other, kept), keep});
    fill(
      card,
      notice ? h('p', {class: isGood ? 'notice' : 'notice notice-strong'}, notice) : null,
      h('h1', {id: 'welcome-title'}, MODES[mode].title),
      current.element,
    );
    notice = '';
    current.focus();
  }

  show(known ? 'logIn' : 'signUp');
  return {element, focus: () => current.focus()};
}

function form(mode, {onEntered, onTurn, keep}) {
  const {action, ask, turn} = MODES[mode];
  const isSignUp = mode === 'signUp';
  const displayName = field({
    name: 'display_name',
    label: 'Your name',
    autocomplete: 'name',
    dir: 'auto',
    hint: 'What others see.',
  });
  const username = field({
    name: 'username',
    label: 'Username',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    hint: isSignUp ? 'How others find you.' : '',
  });
  const password = field({
    name: 'password',
    label: 'Password',
    type: 'password',
    autocomplete: isSignUp ? 'new-password' : 'current-password',
    hint: isSignUp ? 'At least 8 characters. A few words are good.' : '',
  });
  username.input.value = keep.username ?? '';
  const fields = isSignUp ? [displayName, username, password] : [username, password];
  const place = alertPlace();
  const button = h('button', {class: 'primary wide', type: 'submit'}, action);

  async function submit(event) {
    event.preventDefault();
    const empty = fields.filter((one) => !one.input.value.trim());
    for (const one of empty) one.say('This is needed.');
    if (empty.length > 0) return empty[0].input.focus();
    await whileBusy(button, async () => {
      showSentence(place, '');
      try {
        const values = Object.fromEntries(
          fields.map((one) => [one.name, one.name === 'password' ? one.input.value : one.input.value.trim()]),
        );
        const entered = isSignUp ? await api.signUp(values) : await api.logIn(values);
        onEntered(entered.user);
      } catch (failure) {
        showFailure(failure, fields, place);
      }
    });
  }

  const element = h(
    'form',
    {novalidate: true, method: 'post', on: {submit}},
    ...fields.map((one) => one.element),
    place,
    button,
    h(
      'p',
      {class: 'turn'},
      ask,
      ' ',
      h('button', {type: 'button', class: 'link', on: {click: () => onTurn({username: username.input.value})}}, turn),
    ),
  );
  return {element, focus: () => fields.find((one) => !one.input.value)?.input.focus()};
}
