/**
 * Messages on their way out. Each is kept in this browser until the server has it, so a reload loses nothing; each
 * keeps its `client_message_id` through every try, so no try makes a second message. Within a conversation they leave
 * one after another.
 *
 * Emits `changed` with a conversation's id, and `sent` with the stored message.
 */
import {api} from './api.js';
import {Emitter} from './emitter.js';
import {newId} from './ids.js';

export const SENDING = 'sending';
export const WAITING = 'waiting';
export const FAILED = 'failed';

/** Pauses before the second, third and fourth try; after those the person decides. */
const RETRY_PAUSES_MS = [800, 2_000, 5_000];
const KEPT = 'outbox.';

export class Outbox extends Emitter {
  #keepsakes;
  #entries = new Map();
  #busy = new Set();
  #lastAt = 0;
  #stopped = false;

  constructor(keepsakes) {
    super();
    this.#keepsakes = keepsakes;
    for (const name of keepsakes.names(KEPT)) this.#restore(name);
  }

  #restore(name) {
    const kept = this.#keepsakes.get(name);
    if (!kept?.conversationId || typeof kept.text !== 'string') return this.#keepsakes.remove(name);
    this.#entries.set(kept.id, {...kept, state: kept.refused ? FAILED : WAITING});
  }

  /** What is unsent in one conversation, in the order in which it was written. */
  of(conversationId) {
    return this.#ordered().filter((entry) => entry.conversationId === conversationId);
  }

  get size() {
    return this.#entries.size;
  }

  #ordered() {
    return [...this.#entries.values()].sort((a, b) => a.at - b.at);
  }

  /** `more` holds the other fields of a send: `reply_to`, `mentions`; `media` is what was uploaded for it. */
  add(conversationId, text, more = {}, media = []) {
    this.#lastAt = Math.max(Date.now(), this.#lastAt + 1);
    const entry = {id: newId(), conversationId, text, more, media, at: this.#lastAt, state: WAITING};
    this.#entries.set(entry.id, entry);
    this.#keep(entry);
    this.emit('changed', conversationId);
    this.#run(conversationId);
    return entry;
  }

  /** Tries a failed message again, under the same id, and whatever waits with it. */
  retry(id) {
    const entry = this.#entries.get(id);
    if (!entry || entry.state !== FAILED) return;
    this.#wait(entry);
    this.#run(entry.conversationId);
  }

  discard(id) {
    const entry = this.#entries.get(id);
    if (!entry || entry.state === SENDING) return;
    this.#remove(entry);
  }

  /** The connection is back: whatever did not fail for a reason of its own goes out now. */
  retryAll() {
    for (const entry of this.#ordered()) if (entry.state === FAILED && !entry.refused) this.#wait(entry);
    for (const conversationId of new Set(this.#ordered().map((entry) => entry.conversationId)))
      this.#run(conversationId);
  }

  /** A message of ours came back by the stream or by history: it is stored, whatever became of the request. */
  confirm(message) {
    const entry = this.#entries.get(message.client_message_id);
    if (entry && entry.conversationId === message.conversation_id) this.#remove(entry);
  }

  stop() {
    this.#stopped = true;
  }

  async #run(conversationId) {
    if (this.#busy.has(conversationId)) return;
    this.#busy.add(conversationId);
    try {
      for (let entry; (entry = this.#next(conversationId)) !== undefined;) await this.#deliver(entry);
    } finally {
      this.#busy.delete(conversationId);
    }
  }

  #next(conversationId) {
    if (this.#stopped || !navigator.onLine) return undefined;
    return this.of(conversationId).find((entry) => entry.state === WAITING);
  }

  async #deliver(entry) {
    this.#mark(entry, SENDING);
    for (let attempt = 0; this.#entries.has(entry.id) && !this.#stopped; attempt++) {
      try {
        const message = await api.send(entry.conversationId, bodyOf(entry));
        this.emit('sent', message);
        this.#remove(entry);
        return;
      } catch (failure) {
        if (!this.#entries.has(entry.id)) return; // The stream was faster than the answer.
        if (!navigator.onLine) return this.#mark(entry, WAITING);
        if (failure.status === 401) return this.#sessionEnded(entry);
        if (!failure.mayPass) return this.#refuse(entry, failure);
        if (attempt >= RETRY_PAUSES_MS.length) return this.#giveUp(entry, failure);
        await pause(Math.max(RETRY_PAUSES_MS[attempt], (failure.retryAfterSeconds ?? 0) * 1_000));
      }
    }
  }

  #wait(entry) {
    entry.failure = undefined;
    entry.refused = false;
    this.#mark(entry, WAITING);
  }

  #mark(entry, state) {
    entry.state = state;
    this.emit('changed', entry.conversationId);
  }

  #sessionEnded(entry) {
    this.#stopped = true;
    this.#mark(entry, WAITING);
    this.emit('unauthenticated');
  }

  /** The server said no to this very message: only the person can change that, also after a reload. */
  #refuse(entry, failure) {
    entry.failure = failure;
    entry.refused = true;
    this.#keep(entry);
    this.#mark(entry, FAILED);
  }

  /** No luck for a while. What was written after it waits with it, so that the order holds. */
  #giveUp(entry, failure) {
    for (const one of this.of(entry.conversationId)) {
      if (one.state === FAILED) continue;
      one.failure = failure;
      one.state = FAILED;
    }
    this.emit('changed', entry.conversationId);
  }

  #keep({id, conversationId, text, more, media, at, refused}) {
    this.#keepsakes.set(KEPT + id, {id, conversationId, text, more, media, at, refused});
  }

  #remove(entry) {
    if (!this.#entries.delete(entry.id)) return;
    this.#keepsakes.remove(KEPT + entry.id);
    this.emit('changed', entry.conversationId);
  }
}

function bodyOf({id, text, more, media = []}) {
  const body = {...more, client_message_id: id};
  if (text) body.text = text;
  if (media.length > 0) body.media_ids = media.map((one) => one.id);
  return body;
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
