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

  /** The person, if they are here already; nobody is asked. */
  known(id) {
    return this.#known.get(id);
  }

  name(id) {
    const user = this.get(id);
    return user ? user.display_name || user.username : UNKNOWN;
  }

  /** The name, when it is here: for sentences that are said once and cannot be corrected afterwards. */
  async nameOnceKnown(id) {
    if (!this.#known.has(id)) await this.#ask(id);
    return this.name(id);
  }

  #ask(id) {
    const asked = this.#asked.get(id);
    if (asked && performance.now() < asked.againAt) return asked.answer;
    const asking = {againAt: Infinity};
    this.#asked.set(id, asking);
    asking.answer = this.#fetch(id, asking);
    return asking.answer;
  }

  async #fetch(id, asking) {
    try {
      this.learn(await api.user(id));
    } catch (failure) {
      if (failure.status === 404) this.learn({id, username: '', display_name: 'Someone who left'});
      else asking.againAt = performance.now() + ASK_AGAIN_MS;
    }
    this.emit('changed', id);
  }
}
