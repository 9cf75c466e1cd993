/**
 * Turns messages into what the log shows: day lines, the line before what is new, and messages grouped by who wrote
 * them.
 */
import {highlights, isMentioned} from '../mentions.js';
import {noticeWords} from '../notices.js';
import {dayKey, dayName} from '../time.js';
import {mediaInShort} from './media.js';

/** Messages of one person closer than this stand together. */
const TOGETHER_MS = 5 * 60_000;

export function rowsOf(chat, {messages, unsent, isGroup, firstUnread, find}) {
  const rows = [];
  let previous = null;
  let before = null;
  const sent = messages.map((message) =>
    message.type === 'system' ? noticeRow(chat, message) : sentRow(chat, message, find),
  );
  const all = [
    ...sent,
    ...unsent
      .filter((entry) => !messages.some((one) => isSame(chat, one, entry)))
      .map((entry) => unsentRow(chat, entry, find)),
  ];
  for (const row of all) {
    // Forward only: an unsent message carries this computer's time, which may be behind the server's.
    const newDay = !before || (row.date > before.date && dayKey(before.date) !== dayKey(row.date));
    const isFirstUnread = firstUnread > 0 && row.seq >= firstUnread && !row.own && (previous?.seq ?? 0) < firstUnread;
    if (newDay)
      rows.push({kind: 'day', key: `day:${dayKey(row.date)}`, words: dayName(row.date), signature: dayName(row.date)});
    const isApart = newDay || before !== previous; // A notice stands between them.
    before = row;
    if (row.kind === 'notice') {
      if (previous) previous.last = true;
      rows.push(row);
      continue;
    }
    if (isFirstUnread) rows.push({kind: 'new', key: 'new', words: 'New', signature: 'new'});
    row.first =
      isApart || isFirstUnread || !previous || previous.sender !== row.sender || row.date - previous.date > TOGETHER_MS;
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

function noticeRow(chat, message) {
  const words = noticeWords(chat, message);
  return {
    kind: 'notice',
    key: `seq:${message.seq}`,
    seq: message.seq,
    own: false,
    date: new Date(message.created_at),
    words,
    signature: words,
  };
}

function sentRow(chat, message, find) {
  const own = message.sender_id === chat.me.id;
  return {
    kind: 'message',
    // The key of an unsent message stays when it is sent, so that its element stays too.
    key: own && message.client_message_id ? `own:${message.client_message_id}` : `seq:${message.seq}`,
    seq: message.seq,
    message,
    own,
    sender: message.sender_id,
    senderName: chat.people.name(message.sender_id),
    text: message.text ?? '',
    media: message.media ?? [],
    mentions: highlights(chat, message),
    mentionsMe: !own && isMentioned(chat, message),
    quote: message.reply_to ? quoteOf(chat, message.reply_to, find(message.reply_to)) : null,
    reactions: message.reactions ? reactionsOf(chat, message) : [],
    deleted: Boolean(message.deleted_at),
    edited: Boolean(message.edited_at) && !message.deleted_at,
    date: new Date(message.created_at),
    state: 'sent',
    ticks: own ? ticks(chat, message) : '',
    clientId: message.client_message_id,
  };
}

function unsentRow(chat, entry, find) {
  return {
    kind: 'message',
    key: `own:${entry.id}`,
    seq: Infinity,
    own: true,
    sender: chat.me.id,
    senderName: chat.me.display_name,
    text: entry.text,
    media: entry.media ?? [],
    mentions: highlights(chat, entry.more ?? {}),
    mentionsMe: false,
    quote: entry.more?.reply_to ? quoteOf(chat, entry.more.reply_to, find(entry.more.reply_to)) : null,
    reactions: [],
    deleted: false,
    edited: false,
    date: new Date(entry.at),
    state: entry.state,
    failure: entry.failure,
    clientId: entry.id,
  };
}

/** How far a message of mine has come. */
function ticks(chat, message) {
  const marks = chat.marks.of(message.conversation_id, message.seq);
  if (!marks) return 'Sent';
  if (marks.read === marks.others) return marks.others === 1 ? 'Seen' : 'Seen by all';
  if (marks.read > 0) return `Seen by ${marks.read}`;
  return marks.delivered === marks.others ? 'Delivered' : 'Sent';
}

/** What a reply shows of the message it answers. */
export function quoteOf(chat, seq, message) {
  if (!message) return {seq, name: '', words: 'An earlier message'};
  const name = message.sender_id === chat.me.id ? 'You' : chat.people.name(message.sender_id);
  return {seq, name, words: message.deleted_at ? 'Message deleted' : inShort(message)};
}

/** One line for a message: in the list, in a quote, above the composer. */
export function inShort(message, chat) {
  if (message.type === 'system' && chat) return noticeWords(chat, message);
  return message.text ? message.text.slice(0, 200).replace(/\s+/gu, ' ') : mediaInShort(message.media);
}

function reactionsOf(chat, message) {
  const who = chat.reactors.of(message);
  return Object.entries(message.reactions).map(([emoji, count]) => {
    const people = [...(who?.get(emoji) ?? [])];
    return {
      emoji,
      count,
      mine: people.includes(chat.me.id),
      names: people.map((id) => (id === chat.me.id ? 'you' : chat.people.name(id))),
    };
  });
}

/** Whatever an element shows: while this stays the same, the element stays as it is. */
function signature({message, mentions, quote, reactions, ...row}) {
  return JSON.stringify([
    message?.version,
    [...mentions],
    quote,
    reactions,
    row.state,
    row.ticks,
    row.failure?.code,
    row.first,
    row.last,
    row.named,
    row.senderName,
  ]);
}
