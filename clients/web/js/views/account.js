/** Oneself: who one is here, where one is logged in, and the way out. */
import {api} from '../api.js';
import {fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {sentence} from '../problems.js';
import {sinceThen} from '../time.js';
import {confirmed} from './confirmed.js';
import {dialog} from './dialog.js';
import {alertPlace, showSentence, whileBusy} from './form.js';
import {myDataSection} from './my-data.js';
import {notificationsSection} from './notifications.js';
import {statusForm} from './status.js';

export function accountDialog(chat, {onLogOut}) {
  const box = dialog('Your account', {className: 'sheet'});
  const place = alertPlace();
  const list = h('ul', {class: 'sessions'}, h('li', {class: 'muted'}, 'Looking up where you are logged in…'));
  const heading = h('h3', {tabindex: -1}, 'Where you are logged in');

  async function load() {
    try {
      const {items} = await api.sessions();
      const sorted = items.sort(
        (a, b) =>
          Number(b.current ?? false) - Number(a.current ?? false) || b.last_used_at.localeCompare(a.last_used_at),
      );
      fill(list, ...sorted.map(row));
    } catch (failure) {
      showSentence(place, sentence(failure));
    }
  }

  function row(session) {
    const where = deviceName(session.user_agent);
    return h(
      'li',
      {class: 'session'},
      h('span', {class: 'session-where'}, where),
      h(
        'span',
        {class: 'muted'},
        session.current ? 'This window' : `Last used ${sinceThen(new Date(session.last_used_at))}`,
      ),
      session.current
        ? null
        : h(
            'button',
            {
              type: 'button',
              class: 'link danger',
              'aria-label': `Log out ${where}`,
              on: {click: (event) => end(event.currentTarget, session)},
            },
            'Log out',
          ),
    );
  }

  async function end(button, session) {
    await whileBusy(button, async () => {
      try {
        await api.endSession(session.id);
        heading.focus();
        await load();
      } catch (failure) {
        showSentence(place, sentence(failure));
      }
    });
  }

  async function logOut(event) {
    const button = event.currentTarget;
    const unsent = chat.outbox.size;
    if (
      unsent > 0 &&
      !confirmed(
        button,
        unsent === 1 ? 'Discard 1 unsent message and log out' : `Discard ${unsent} unsent messages and log out`,
      )
    )
      return;
    await whileBusy(button, async () => {
      chat.stream.stop(); // Else the stream says that the session ended, before the answer says that we ended it.
      try {
        await chat.push.turnOff();
        await api.logOut();
      } catch (failure) {
        if (failure.status !== 401) {
          chat.stream.start();
          return showSentence(place, sentence(failure));
        }
      }
      onLogOut();
    });
  }

  fill(
    box.body,
    h(
      'div',
      {class: 'person-card'},
      flag(chat.me.id),
      h('p', {class: 'group-name', dir: 'auto'}, chat.me.display_name),
      h('p', {class: 'muted', dir: 'ltr'}, `@${chat.me.username}`),
    ),
    statusForm(),
    place,
    notificationsSection(chat),
    h('section', {class: 'member-section'}, heading, list),
    h('div', {class: 'actions'}, h('button', {type: 'button', class: 'danger-button', on: {click: logOut}}, 'Log out')),
    myDataSection(chat, {onGone: () => onLogOut('Your account is deleted.')}),
  );
  box.show();
  load();
}

/** "Firefox on Linux" is what a person recognises; the whole user agent is not. */
function deviceName(agent = '') {
  const browser =
    [
      ['Edg', 'Edge'],
      ['OPR/', 'Opera'],
      ['Firefox/', 'Firefox'],
      ['Chrome/', 'Chrome'],
      ['Safari/', 'Safari'],
      ['curl/', 'curl'],
      ['Java', 'A Java program'],
    ].find(([mark]) => agent.includes(mark))?.[1] ?? 'A program';
  const system = [
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Windows', 'Windows'],
    ['Mac OS', 'macOS'],
    ['Linux', 'Linux'],
  ].find(([mark]) => agent.includes(mark))?.[1];
  return system ? `${browser} on ${system}` : browser;
}
