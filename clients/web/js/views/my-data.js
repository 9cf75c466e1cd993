/** What is mine: everyone I block, a copy of all I wrote, and the end of my account. */
import {api} from '../api.js';
import {bdi, fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {sentence} from '../problems.js';
import {dialog} from './dialog.js';
import {alertPlace, field, showFailure, showSentence, whileBusy} from './form.js';

export function myDataSection(chat, {onGone}) {
  return h(
    'section',
    {class: 'my-data'},
    blockedPeople(chat),
    h(
      'details',
      {class: 'settings'},
      h('summary', {}, 'Your data'),
      h(
        'p',
        {},
        h('a', {class: 'link', href: '/v1/users/me/export', download: 'parley-export.ndjson'}, 'Download everything of mine'),
      ),
      h('p', {class: 'muted'}, 'Your profile, your conversations and your messages, one JSON object a line.'),
      h(
        'button',
        {type: 'button', class: 'danger-button', on: {click: () => deleteDialog(chat, onGone)}},
        'Delete my account',
      ),
    ),
  );
}

function blockedPeople(chat) {
  const place = alertPlace();
  const list = h('ul', {class: 'members'});

  async function load() {
    try {
      const ids = [...(await chat.safety.blocked())];
      await Promise.all(ids.map((id) => chat.people.nameOnceKnown(id)));
      fill(list, ...(ids.length > 0 ? ids.map(row) : [h('li', {class: 'muted'}, 'You block nobody.')]));
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  function row(id) {
    const name = chat.people.name(id);
    return h(
      'li',
      {class: 'member'},
      flag(id),
      h('span', {class: 'member-name'}, bdi(name)),
      h('button', {type: 'button', class: 'link', 'aria-label': `Unblock ${name}`, on: {click: () => unblock(id)}}, 'Unblock'),
    );
  }

  async function unblock(id) {
    try {
      await chat.safety.unblock(id);
      await load();
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  const element = h(
    'details',
    {class: 'settings', on: {toggle: () => element.open && load()}},
    h('summary', {}, 'People you block'),
    place,
    list,
  );
  return element;
}

function deleteDialog(chat, onGone) {
  const box = dialog('Delete your account?');
  const password = field({
    name: 'password',
    label: 'Your password',
    type: 'password',
    autocomplete: 'current-password',
    hint: 'Your name, your messages and your files go, and there is no way back. Others keep their conversations.',
  });
  const place = alertPlace();
  const button = h('button', {type: 'submit', class: 'danger-button'}, 'Delete it for ever');

  async function submit(event) {
    event.preventDefault();
    if (!password.input.value) {
      password.say('This is needed.');
      return password.input.focus();
    }
    await whileBusy(button, async () => {
      chat.stream.stop(); // Else the stream says that the session ended, before the answer says why.
      try {
        await api.deleteMe(password.input.value);
        onGone();
      } catch (failure) {
        chat.stream.start();
        if (failure.code === 'bad_credentials') password.say('That is not your password.');
        else showFailure(failure, [password], place);
      }
    });
  }

  fill(
    box.body,
    h('form', {novalidate: true, on: {submit}}, password.element, place, h('div', {class: 'actions'}, button)),
  );
  box.show();
  password.input.focus();
}
