/**
 * Who is there. Asked for the people on the screen; for the others of direct conversations the stream tells changes.
 * Emits `changed`.
 */
import {api} from './api.js';
import {Emitter} from './emitter.js';
import {sinceThen} from './time.js';

const GATHER_MS = 150;
/** The most that one call takes. */
const BATCH = 100;
/** Nobody tells changes of people outside of direct conversations, so what is shown of them is asked for again. */
const STALE_MS = 60_000;

const WORDS = {online: 'Online', away: 'Away', offline: 'Offline'};

export class Presence extends Emitter {
  #known = new Map();
  #askedAt = new Map();
  #wanted = new Set();
  #timer = 0;
  #isOff = false;

  /** How someone appears, as far as it is known: `{status, text, last_seen_at}`. */
  of(userId) {
    return this.#known.get(userId);
  }

  /** These people are on the screen. */
  watch(userIds) {
    const old = performance.now() - STALE_MS;
    for (const id of userIds) if ((this.#askedAt.get(id) ?? -Infinity) < old) this.#want(id);
  }

  changed(data) {
    this.#known.set(data.user_id, {...this.#known.get(data.user_id), ...data});
    this.#want(data.user_id); // The event does not carry the text.
    this.emit('changed');
  }

  /** The stream is new: whatever changed meanwhile was not told. */
  refresh() {
    for (const id of this.#known.keys()) this.#want(id);
  }

  #want(id) {
    if (this.#isOff || !id) return;
    this.#askedAt.set(id, performance.now());
    this.#wanted.add(id);
    this.#timer ||= setTimeout(() => this.#ask(), GATHER_MS);
  }

  async #ask() {
    this.#timer = 0;
    const ids = [...this.#wanted].slice(0, BATCH);
    for (const id of ids) this.#wanted.delete(id);
    try {
      const {items} = await api.presence(ids);
      for (const one of items) this.#known.set(one.user_id, one);
      this.emit('changed');
    } catch (failure) {
      if (failure.status === 404) this.#isOff = true; // The operator does not want it.
      for (const id of ids) this.#askedAt.delete(id);
    }
    if (this.#wanted.size > 0) this.#timer ||= setTimeout(() => this.#ask(), GATHER_MS);
  }

  /** In words: online, away, or when they were last here; with what they say of themselves. */
  words(userId) {
    const one = this.of(userId);
    if (!one) return '';
    const seen = one.status === 'offline' && one.last_seen_at;
    const status = seen ? `Last seen ${sinceThen(new Date(one.last_seen_at))}` : WORDS[one.status];
    return [status, one.text].filter(Boolean).join(' · ');
  }
}
