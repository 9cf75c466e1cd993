/**
 * Turns messages into what the log shows: day lines, the line before what is new, and messages grouped by who wrote
 * them.
 */
import {dayKey, dayName} from '../time.js';

/** Messages of one person closer than this stand together. */
const TOGETHER_MS = 5 * 60_000;

export function rowsOf(chat, {messages, unsent, isGroup, firstUnread}) {
  const rows = [];
  let previous = null;
  const sent = messages.map((message) => sentRow(chat, message));
  const all = [
    ...sent,
    ...unsent
      .filter((entry) => !messages.some((one) => isSame(chat, one, entry)))
      .map((entry) => unsentRow(chat, entry)),
  ];
  for (const row of all) {
    // Forward only: an unsent message carries this computer's time, which may be behind the server's.
    const newDay = !previous || (row.date > previous.date && dayKey(previous.date) !== dayKey(row.date));
    const isFirstUnread = firstUnread > 0 && row.seq >= firstUnread && !row.own && (previous?.seq ?? 0) < firstUnread;
    if (newDay)
      rows.push({kind: 'day', key: `day:${dayKey(row.date)}`, words: dayName(row.date), signature: dayName(row.date)});
    if (isFirstUnread) rows.push({kind: 'new', key: 'new', words: 'New', signature: 'new'});
    row.first =
      newDay || isFirstUnread || !previous || previous.sender !== row.sender || row.date - previous.date > TOGETHER_MS;
    if (previous) previous.last = row.first;
    row.named = isGroup && !row.own && row.first;
    previous = row;
    rows.push(row);
  }
  if (previous) previous.last = true;
  for (const row of rows) if (row.kind === 'message') row.signature = signature(row);
  return rows;
}

const isSame = (chat, message, entry) => message.sender_id === chat.me.id && message.client_message_id === entry.id;

function sentRow(chat, message) {
  const own = message.sender_id === chat.me.id;
  return {
    kind: 'message',
    // The key of an unsent message stays when it is sent, so that its element stays too.
    key: own && message.client_message_id ? `own:${message.client_message_id}` : `seq:${message.seq}`,
    seq: message.seq,
    version: message.version,
    own,
    sender: message.sender_id,
    senderName: chat.people.name(message.sender_id),
    text: message.text ?? '',
    deleted: Boolean(message.deleted_at),
    edited: Boolean(message.edited_at),
    date: new Date(message.created_at),
    state: 'sent',
    clientId: message.client_message_id,
  };
}

function unsentRow(chat, entry) {
  return {
    kind: 'message',
    key: `own:${entry.id}`,
    seq: Infinity,
    version: 0,
    own: true,
    sender: chat.me.id,
    senderName: chat.me.display_name,
    text: entry.text,
    deleted: false,
    edited: false,
    date: new Date(entry.at),
    state: entry.state,
    failure: entry.failure,
    clientId: entry.id,
  };
}

function signature(row) {
  return [row.version, row.state, row.failure?.code, row.first, row.last, row.named, row.senderName, row.deleted].join(
    '\u0000',
  );
}
