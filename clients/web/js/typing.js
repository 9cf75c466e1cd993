/** Who is writing, and telling the others that this person is. Emits `changed` with a conversation's id. */
import {api} from './api.js';
import {Emitter} from './emitter.js';

/** A little longer than the 3 s in which the server tells it once: a call that comes too soon is not told, and the sign would go out. */
const TELL_EVERY_MS = 3_500;

/** There is no end of typing but silence. */
const SHOWN_MS = 5_000;

export class Typing extends Emitter {
  #writing = new Map();
  #told = new Map();

  /** The people who write in this conversation now. */
  who(id) {
    return [...(this.#writing.get(id)?.keys() ?? [])];
  }

  started(id, userId) {
    const people = this.#writing.get(id) ?? new Map();
    this.#writing.set(id, people);
    const isNew = !people.has(userId);
    clearTimeout(people.get(userId));
    people.set(
      userId,
      setTimeout(() => this.stopped(id, userId), SHOWN_MS),
    );
    if (isNew) this.emit('changed', id);
  }

  /** Their message came, or they fell silent. */
  stopped(id, userId) {
    const people = this.#writing.get(id);
    if (!people?.has(userId)) return;
    clearTimeout(people.get(userId));
    people.delete(userId);
    this.emit('changed', id);
  }

  /** This person wrote a letter. Nobody misses it when it is not told. */
  wrote(id) {
    const now = performance.now();
    if (now - (this.#told.get(id) ?? -TELL_EVERY_MS) < TELL_EVERY_MS) return;
    this.#told.set(id, now);
    api.typing(id).catch(() => {});
  }
}
