/** The element of one row of the log. */
import {fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {sentence} from '../problems.js';
import {isJumbo, nodesOf} from '../richtext.js';
import {exactTime, timeOfDay} from '../time.js';
import {FAILED, SENDING, WAITING} from '../outbox.js';

const STATES = {[SENDING]: 'Sending…', [WAITING]: 'Waiting to be sent', sent: 'Sent'};

export function buildRow(row, actions) {
  if (row.kind === 'day') return h('h3', {class: 'divider'}, h('span'));
  if (row.kind === 'new') return h('p', {class: 'divider divider-new'}, h('span'));
  const element = h('article', {class: 'message'});
  element.actions = actions;
  return element;
}

export function refreshRow(element, row) {
  if (row.kind !== 'message') {
    element.firstChild.textContent = row.words;
    return;
  }
  element.className = [
    'message',
    row.own ? 'own' : 'other',
    row.first && 'first',
    row.last && 'last',
    `is-${row.state}`,
  ]
    .filter(Boolean)
    .join(' ');
  element.dataset.state = row.state;
  if (Number.isFinite(row.seq)) element.dataset.seq = row.seq;
  fill(
    element,
    row.first && !row.own ? flag(row.sender) : null,
    h(
      'div',
      {class: 'bubble-side'},
      row.named
        ? h('p', {class: 'sender', dir: 'auto'}, row.senderName)
        : h('span', {class: 'unseen'}, row.own ? 'You: ' : `${row.senderName}: `),
      bubble(row),
      row.last || row.state === FAILED ? foot(row, element.actions) : h('span', {class: 'unseen'}, timeOfDay(row.date)),
    ),
  );
}

function bubble(row) {
  if (row.deleted) return h('div', {class: 'bubble bubble-deleted'}, 'Message deleted');
  const jumbo = isJumbo(row.text);
  return h(
    'div',
    {class: jumbo ? 'bubble jumbo' : 'bubble', dir: 'auto', title: exactTime(row.date)},
    ...nodesOf(row.text),
  );
}

function foot(row, actions) {
  const time = h('time', {datetime: row.date.toISOString()}, timeOfDay(row.date));
  if (!row.own) return h('p', {class: 'foot'}, time, row.edited ? ' · edited' : '');
  if (row.state !== FAILED) {
    return h(
      'p',
      {class: 'foot'},
      time,
      row.edited ? ' · edited' : '',
      h('span', {class: `state state-${row.state}`}, STATES[row.state]),
    );
  }
  return h(
    'p',
    {class: 'foot foot-failed'},
    h('span', {class: 'state'}, `Not sent. ${why(row.failure)}`),
    h('button', {type: 'button', class: 'link', on: {click: () => actions.retry(row.clientId)}}, 'Retry'),
    h('button', {type: 'button', class: 'link', on: {click: () => actions.discard(row.clientId)}}, 'Discard'),
  );
}

/** That nothing answered is said once, across the top of the page; a refusal is said beside its message. */
function why(failure) {
  if (!failure || failure.code === 'no_answer') return '';
  return failure.status === 404 ? 'You are no longer in this conversation.' : sentence(failure);
}
