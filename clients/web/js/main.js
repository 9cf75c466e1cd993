/** Decides what the page shows: the welcome (nobody is logged in) or the chat. */
import {announce} from './announcer.js';
import {api} from './api.js';
import {Chat} from './chat.js';
import {fill, h} from './dom.js';
import {closeShown} from './push.js';
import {LOGGED_IN_AS, mayBeLoggedIn, rememberLogIn, rememberLogOut} from './storage.js';
import {shell} from './views/shell.js';
import {welcome} from './views/welcome.js';

const ASK_AGAIN_MS = 3_000;
const page = document.getElementById('page');
let running = null;

async function start() {
  try {
    enter(await api.me());
  } catch (failure) {
    if (failure.status === 401) {
      rememberLogOut();
      closeShown();
      return showWelcome();
    }
    showUnreachable();
    setTimeout(start, ASK_AGAIN_MS);
  }
}

function enter(me) {
  rememberLogIn(me.id);
  const chat = new Chat(me);
  const view = shell(chat, {onLogOut: (words = 'You are logged out.') => leave(words, true)});
  chat.on('ended', () =>
    leave('Your session has ended. Log in again to go on; what you had not sent yet is kept here.', false),
  );
  running = {chat, view};
  fill(page, view.element);
  chat.start();
  view.start();
}

function leave(sentence, onPurpose) {
  if (!running) return;
  running.chat.stop();
  running.view.destroy();
  if (onPurpose) {
    running.chat.push.forget();
    running.chat.keepsakes.forgetEverything();
    history.replaceState(null, '', '#/');
  } else closeShown();
  rememberLogOut();
  running = null;
  document.title = 'Parley';
  document.querySelectorAll('dialog[open]').forEach((dialog) => dialog.close());
  showWelcome(sentence, onPurpose);
}

function showWelcome(notice = '', isGood = true) {
  document.body.dataset.connection = 'none';
  const view = welcome({onEntered: enter, notice, isGood, known: Boolean(notice)});
  fill(page, view.element);
  view.focus();
  if (notice) announce(notice);
}

function showUnreachable() {
  if (document.getElementById('unreachable')) return;
  fill(
    page,
    h(
      'main',
      {class: 'unreachable', id: 'unreachable'},
      h('h1', {}, 'No answer yet'),
      h('p', {}, 'Parley cannot reach its server. This page keeps trying, and opens by itself.'),
    ),
  );
  announce('Parley cannot reach its server. Trying again.');
}

// Another window of this browser logged somebody else in, or everybody out: the cookie is theirs now, so this window
// starts over.
addEventListener('storage', (change) => {
  if (change.key === LOGGED_IN_AS && running && change.newValue !== running.chat.me.id) location.reload();
});

if (mayBeLoggedIn()) start();
else showWelcome();
