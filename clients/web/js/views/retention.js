/** How long messages of a conversation are kept. */
import {h} from '../dom.js';

const DAY = 86_400;

/** What owners may choose; the server takes any number of seconds. */
const CHOICES = new Map([
  ['0', 'for ever'],
  [String(DAY), 'for a day'],
  [String(7 * DAY), 'for a week'],
  [String(30 * DAY), 'for 30 days'],
  [String(365 * DAY), 'for a year'],
]);

export const keptFor = (conversation) =>
  conversation.retention_seconds ? `Messages are kept ${words(conversation.retention_seconds)}` : '';

const words = (seconds) => CHOICES.get(String(seconds)) ?? `for ${Math.max(1, Math.round(seconds / 3_600))} h`;

export function retentionChoice(conversation) {
  const now = String(conversation.retention_seconds ?? 0);
  const choices = new Map(CHOICES);
  if (!choices.has(now)) choices.set(now, words(Number(now)));
  const select = h(
    'select',
    {id: 'retention'},
    ...[...choices].map(([value, label]) => h('option', {value, selected: value === now}, label)),
  );
  return {
    element: h('div', {class: 'field'}, h('label', {for: 'retention'}, 'Messages are kept'), select),
    value: () => Number(select.value) || null,
  };
}
