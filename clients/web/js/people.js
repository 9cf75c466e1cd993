/** Names of people, asked once each. Emits `changed` when a name that someone asked for has arrived. */
import {api} from './api.js';
import {Emitter} from './emitter.js';

const UNKNOWN = '…';
/** A name that could not be had is asked again after this long, if someone still wants it. */
const ASK_AGAIN_MS = 10_000;

export class People extends Emitter {
  #known = new Map();
  #asked = new Map();

  learn(user) {
    this.#known.set(user.id, user);
  }

  /** The person, or undefined while they are being asked for. */
  get(id) {
    const user = this.#known.get(id);
    if (!user && id) this.#ask(id);
    return user;
  }

  name(id) {
    const user = this.get(id);
    return user ? user.display_name || user.username : UNKNOWN;
  }

  async #ask(id) {
    if (performance.now() < (this.#asked.get(id) ?? 0)) return;
    this.#asked.set(id, Infinity);
    try {
      this.learn(await api.user(id));
      this.emit('changed', id);
    } catch (failure) {
      if (failure.status === 404) this.learn({id, username: '', display_name: 'Someone who left'});
      else this.#asked.set(id, performance.now() + ASK_AGAIN_MS);
      this.emit('changed', id);
    }
  }
}
