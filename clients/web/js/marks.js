/**
 * How far the others have received and read: for the ticks on one's own messages. Loaded with the members when a
 * conversation is opened, and moved by events. Emits `changed` with a conversation's id.
 */
import {Emitter} from './emitter.js';

/** Beyond this the server tells only counts, on request. */
const MEMBERS_MOST = 256;

export class Marks extends Emitter {
  #chat;
  #byConversation = new Map();

  constructor(chat) {
    super();
    this.#chat = chat;
  }

  /** Reads where everyone stands, once for each conversation and each change of its members. */
  async watch(id) {
    const one = this.#chat.conversations.get(id);
    if (!one || (one.member_count ?? 0) > MEMBERS_MOST) return;
    try {
      const items = await this.#chat.members.reload(id);
      const known = this.#byConversation.get(id);
      const marks = new Map();
      for (const {user_id: userId, read_seq: read = 0, delivered_seq: delivered = 0} of items) {
        if (userId !== this.#chat.me.id) marks.set(userId, further(known?.get(userId), {read, delivered}));
      }
      this.#byConversation.set(id, marks);
      this.emit('changed', id);
    } catch {
      // Ticks are missing until the next look.
    }
  }

  /** An event, or a message of theirs: who writes has read. */
  advance(id, userId, mark) {
    const marks = this.#byConversation.get(id);
    if (!marks || userId === this.#chat.me.id) return;
    marks.set(userId, further(marks.get(userId), mark));
    this.emit('changed', id);
  }

  /** How many of the others have message `seq`: `{others, delivered, read}`; undefined where nobody knows. */
  of(id, seq) {
    const marks = this.#byConversation.get(id);
    if (!marks || marks.size === 0) return undefined;
    const all = [...marks.values()];
    return {
      others: all.length,
      delivered: all.filter((one) => one.delivered >= seq).length,
      read: all.filter((one) => one.read >= seq).length,
    };
  }

  forgetAll() {
    this.#byConversation.clear();
  }
}

/** Marks only grow, and who has read has received. */
function further(known, {read = 0, delivered = 0}) {
  const most = Math.max(read, known?.read ?? 0);
  return {read: most, delivered: Math.max(most, delivered, known?.delivered ?? 0)};
}
