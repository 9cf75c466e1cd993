/** The element of one row of the log. */
import {fill, h} from '../dom.js';
import {flag} from '../flags.js';
import {sentence} from '../problems.js';
import {isJumbo, nodesOf} from '../richtext.js';
import {exactTime, timeOfDay} from '../time.js';
import {FAILED, SENDING, WAITING} from '../outbox.js';
import {mediaOf} from './media.js';

const STATES = {[SENDING]: 'Sending…', [WAITING]: 'Waiting to be sent'};

export function buildRow(row, actions) {
  if (row.kind === 'day') return h('h3', {class: 'divider'}, h('span'));
  if (row.kind === 'new') return h('p', {class: 'divider divider-new'}, h('span'));
  if (row.kind === 'notice') return h('p', {class: 'divider notice-line'}, h('span', {dir: 'auto'}));
  const element = h('article', {class: 'message', tabindex: -1});
  element.actions = actions;
  return element;
}

export function refreshRow(element, row) {
  if (row.kind !== 'message') {
    element.firstChild.textContent = row.words;
    return;
  }
  element.row = row;
  element.className = [
    'message',
    row.own ? 'own' : 'other',
    row.first && 'first',
    row.last && 'last',
    row.mentionsMe && 'mentions-me',
    `is-${row.state}`,
  ]
    .filter(Boolean)
    .join(' ');
  element.dataset.state = row.state;
  if (Number.isFinite(row.seq)) element.dataset.seq = row.seq;
  keepingFocus(element, () => fill(element, row.first && !row.own ? flag(row.sender) : null, side(element, row)));
}

/** The message as it stands now, around the tools that lie over it. */
function side(element, row) {
  const {actions} = element;
  return h(
    'div',
    {class: 'bubble-side'},
    row.named
      ? h('p', {class: 'sender', dir: 'auto'}, row.senderName)
      : h('span', {class: 'unseen'}, row.own ? 'You: ' : `${row.senderName}: `),
    row.quote && !row.deleted ? quote(row, actions) : null,
    mediaOf(row.media),
    bubble(row),
    reactions(row, actions),
    row.last || row.edited || row.state === FAILED
      ? foot(row, actions)
      : h('span', {class: 'unseen'}, timeOfDay(row.date)),
    element.querySelector('.tools'),
  );
}

/** What had the focus inside has it again, in its new element. */
function keepingFocus(element, change) {
  const active = document.activeElement;
  const inside = active !== element && element.contains(active);
  const name = active?.dataset?.name;
  change();
  if (!inside || document.activeElement === active) return;
  if (active.isConnected) active.focus({preventScroll: true});
  else (element.querySelector(`[data-name="${CSS.escape(name ?? '')}"]`) ?? element).focus({preventScroll: true});
}

function bubble(row) {
  if (row.deleted) return h('div', {class: 'bubble bubble-deleted'}, 'Message deleted');
  if (!row.text) return null;
  const jumbo = isJumbo(row.text);
  return h(
    'div',
    {class: jumbo ? 'bubble jumbo' : 'bubble', dir: 'auto', title: exactTime(row.date)},
    ...nodesOf(row.text, row.mentions),
  );
}

function quote(row, actions) {
  const {seq, name, words} = row.quote;
  return h(
    'button',
    {
      type: 'button',
      class: 'quote',
      data: {name: 'quote'},
      'aria-label': `In answer to ${name || 'someone'}: ${words}. Go to that message`,
      on: {click: () => actions.jump(seq)},
    },
    name ? h('span', {class: 'quote-name', dir: 'auto'}, name) : null,
    h('span', {class: 'quote-words', dir: 'auto'}, words),
  );
}

function reactions(row, actions) {
  if (row.reactions.length === 0) return null;
  return h(
    'ul',
    {class: 'reactions', 'aria-label': 'Reactions'},
    ...row.reactions.map(({emoji, count, mine, names}) =>
      h(
        'li',
        {},
        h(
          'button',
          {
            type: 'button',
            class: 'reaction',
            data: {name: `reaction ${emoji}`},
            'aria-pressed': String(mine),
            'aria-label': `${emoji} ${count}${names.length > 0 ? `, ${listed(names)}` : ''}`,
            on: {click: () => actions.toggle(row.message, emoji)},
          },
          h('span', {class: 'reaction-emoji', 'aria-hidden': 'true'}, emoji),
          h('span', {'aria-hidden': 'true'}, String(count)),
          names.length > 0 ? h('span', {class: 'tip', 'aria-hidden': 'true'}, listed(names)) : null,
        ),
      ),
    ),
  );
}

/** As many names as a person reads at a glance. */
const NAMES_MOST = 12;

function listed(names) {
  const shown = names.slice(0, NAMES_MOST);
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

function foot(row, actions) {
  const time = h('time', {datetime: row.date.toISOString()}, timeOfDay(row.date));
  if (row.state !== FAILED) {
    return h(
      'p',
      {class: 'foot'},
      time,
      ...(row.edited ? ['·', editedMark(row, actions)] : []),
      row.own ? h('span', {class: `state state-${row.state}`}, STATES[row.state] ?? row.ticks) : null,
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

function editedMark(row, actions) {
  return h(
    'button',
    {
      type: 'button',
      class: 'edited',
      data: {name: 'edited'},
      title: 'Show earlier versions',
      on: {click: () => actions.versions(row.message)},
    },
    'edited',
  );
}

/** That nothing answered is said once, across the top of the page; a refusal is said beside its message. */
function why(failure) {
  if (!failure || failure.code === 'no_answer') return '';
  return failure.status === 404 ? 'You are no longer in this conversation.' : sentence(failure);
}
