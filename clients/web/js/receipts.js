/**
 * Tells the server what was received and read here: many marks in one call, a moment after the first of them, and
 * again until it worked. Emits `stored` with a mark as the server has it.
 */
import {api} from './api.js';
import {Emitter} from './emitter.js';

const GATHER_MS = 400;
const AGAIN_MS = 5_000;
/** The most that one call takes. */
const BATCH = 200;

export class Receipts extends Emitter {
  #waiting = new Map();
  #timer = 0;
  #stopped = false;

  read(id, seq) {
    this.#mark(id, 'read_seq', seq);
  }

  delivered(id, seq) {
    this.#mark(id, 'delivered_seq', seq);
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #mark(id, name, seq) {
    const marks = this.#waiting.get(id) ?? {conversation_id: id};
    marks[name] = Math.max(seq, marks[name] ?? 0);
    this.#waiting.set(id, marks);
    this.#soon(GATHER_MS);
  }

  #soon(pause) {
    if (this.#stopped || this.#timer) return;
    this.#timer = setTimeout(() => this.#send(), pause);
  }

  async #send() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const batch = [...this.#waiting.values()].slice(0, BATCH);
    for (const one of batch) this.#waiting.delete(one.conversation_id);
    try {
      const {items} = await api.receipts(batch);
      for (const one of items) this.emit('stored', one);
      if (this.#waiting.size > 0) this.#soon(GATHER_MS);
    } catch (failure) {
      if (!failure.mayPass) return; // The list tells again where the marks stand.
      for (const one of batch) this.#waiting.set(one.conversation_id, newest(one, this.#waiting.get(one.conversation_id)));
      this.#soon(Math.max(AGAIN_MS, (failure.retryAfterSeconds ?? 0) * 1_000));
    }
  }
}

function newest(one, other = {}) {
  const both = {...one};
  for (const name of ['read_seq', 'delivered_seq']) {
    const seq = Math.max(one[name] ?? 0, other[name] ?? 0);
    if (seq > 0) both[name] = seq;
  }
  return both;
}
