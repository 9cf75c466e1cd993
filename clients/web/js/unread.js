/**
 * How far this person has read each conversation. The server's mark is the truth, the same on all their devices; what
 * was read since is kept in this browser until the server has it, so that a reload or a tunnel loses nothing. Emits
 * `read` with an id and a seq that the server is to be told.
 */
import {Emitter} from './emitter.js';

const SEEN = 'seen.';

export class Unread extends Emitter {
  #keepsakes;

  constructor(keepsakes) {
    super();
    this.#keepsakes = keepsakes;
  }

  seen(conversation) {
    const stored = conversation.me?.read_seq ?? (conversation.me?.joined_seq ?? 1) - 1;
    return Math.max(stored, this.#kept(conversation.id));
  }

  /** What was read here and may not be stored yet, as `[id, seq]`. */
  pending() {
    return this.#keepsakes.names(SEEN).map((name) => [name.slice(SEEN.length), this.#kept(name.slice(SEEN.length))]);
  }

  #kept(id) {
    const seen = this.#keepsakes.get(SEEN + id);
    return Number.isInteger(seen) ? seen : 0;
  }

  /** Read up to here, in this window. Moves forward only; true when it moved. */
  look(conversation, seq) {
    if (seq <= this.seen(conversation)) return false;
    this.#keepsakes.set(SEEN + conversation.id, seq);
    this.emit('read', {id: conversation.id, seq});
    return true;
  }

  /** The server's mark stands here: what is not beyond it need not be kept. */
  stored(id, seq) {
    if (this.#kept(id) <= seq) this.#keepsakes.remove(SEEN + id);
  }

  count(conversation) {
    return Math.max(0, (conversation.last_seq ?? 0) - this.seen(conversation));
  }
}
