/**
 * Shows how the live connection stands: always as a small light, and as a line across the page while something is
 * wrong.
 */
import {announce} from '../announcer.js';
import {fill, h} from '../dom.js';
import {CONNECTING, ENDED, LIVE, OFFLINE, RECONNECTING, RESTING} from '../stream.js';

/**
 * The server renews every connection after some minutes, and the browser is back within four seconds: nothing to
 * report.
 */
const QUIET_FOR_MS = 4_500;

const LIGHT = {
  [CONNECTING]: 'Connecting…',
  [LIVE]: 'Live',
  [RECONNECTING]: 'Reconnecting…',
  [OFFLINE]: 'Offline',
  [RESTING]: 'Resting',
  [ENDED]: 'Session ended',
};
const LINE = {
  [CONNECTING]: 'Still connecting. What you write is kept and leaves as soon as it can.',
  [RECONNECTING]: 'The connection is lost. Trying again; what you write is kept.',
  [OFFLINE]: 'You are offline. What you write is kept, and leaves when you are back.',
};

export function connectionView(chat) {
  const light = h('p', {class: 'light'});
  const words = h('span');
  const line = h(
    'div',
    {class: 'line', hidden: true},
    words,
    h('button', {type: 'button', class: 'line-retry', on: {click: () => chat.stream.retryNow()}}, 'Try now'),
  );
  let timer = 0;
  let told = false;

  function show(state) {
    document.body.dataset.connection = state;
    fill(light, h('span', {class: 'light-dot', 'aria-hidden': 'true'}), LIGHT[state]);
    clearTimeout(timer);
    if (state === LIVE) return calm();
    if (state === OFFLINE) return tell(state);
    timer = setTimeout(() => tell(state), line.hidden ? QUIET_FOR_MS : 0);
  }

  function tell(state) {
    if (!LINE[state]) return;
    line.hidden = false;
    line.classList.toggle('line-offline', state === OFFLINE);
    line.lastChild.hidden = state === OFFLINE;
    if (words.textContent === LINE[state]) return;
    words.textContent = LINE[state];
    told = true;
    announce(LINE[state]);
  }

  function calm() {
    line.hidden = true;
    words.textContent = '';
    if (told) announce('Connected again.');
    told = false;
  }

  show(chat.stream.state);
  const off = chat.on('connection', show);
  return {light, line, destroy: () => (off(), clearTimeout(timer))};
}
