/** Mentions: `@username` in a text, and the ids that go along with it. */

/** A username after an @ that is not part of an address. */
const MENTION = /(?<![\p{L}\p{N}._@-])@([\p{L}\p{N}._-]+)/gu;
const TRAILING = /[.-]+$/u;
export const EVERYONE = 'all';

/** Each mention in `text` as `{name, start, end}`; what ends a sentence does not belong to it. */
export function mentionsOf(text) {
  return [...text.matchAll(MENTION)].map((match) => {
    const name = match[1].replace(TRAILING, '');
    return {name: name.toLowerCase(), start: match.index, end: match.index + 1 + name.length};
  });
}

/** The ids to send along: of members whose username stands in the text, and `all` for those who may. */
export function mentionedIds(chat, id, text) {
  const names = new Set(mentionsOf(text).map((one) => one.name));
  if (names.size === 0) return [];
  const ids = chat.members
    .of(id)
    .map((member) => member.user_id)
    .filter((userId) => names.has(chat.people.known(userId)?.username?.toLowerCase()));
  return mayMentionEveryone(chat, id) && names.has(EVERYONE) ? [...ids, EVERYONE] : ids;
}

export function mayMentionEveryone(chat, id) {
  const conversation = chat.conversations.get(id);
  return conversation?.type !== 'direct' && ['owner', 'admin'].includes(conversation?.me?.role);
}

export function isMentioned(chat, message) {
  return (message.mentions ?? []).some((one) => one === chat.me.id || one === EVERYONE);
}

/** What to highlight in a message: usernames, and whether each is the reader, whom someone else mentions. */
export function highlights(chat, message) {
  const isOthers = message.sender_id !== undefined && message.sender_id !== chat.me.id;
  const names = new Map();
  for (const id of message.mentions ?? []) {
    const name = id === EVERYONE ? EVERYONE : chat.people.get(id)?.username;
    if (name) names.set(name.toLowerCase(), isOthers && (id === chat.me.id || id === EVERYONE));
  }
  return names;
}
