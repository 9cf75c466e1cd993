/** What the server itself says in a conversation: who came, who went, what it is called now. */

/** One sentence for a message of the type `system`. */
export function noticeWords(chat, message) {
  const {event, user_ids: ids = [], count = ids.length, name} = message.system ?? {};
  const actor = message.sender_id === chat.me.id ? 'You' : chat.people.name(message.sender_id);
  const isAlone = ids.length === 1 && ids[0] === message.sender_id;
  switch (event) {
    case 'member.joined':
      return isAlone ? `${actor} joined` : `${actor} added ${people(chat, ids, count)}`;
    case 'member.left':
      return `${actor} left`;
    case 'member.removed':
      return `${actor} removed ${people(chat, ids, count)}`;
    case 'conversation.renamed':
      return `${actor} named it “${name}”`;
    default:
      return 'Something changed here';
  }
}

/** As many names as a line holds. */
const NAMES_MOST = 5;

function people(chat, ids, count) {
  const names = ids.slice(0, NAMES_MOST).map((id) => (id === chat.me.id ? 'you' : chat.people.name(id)));
  if (count > names.length) return `${names.join(', ')} and ${count - names.length} more`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
