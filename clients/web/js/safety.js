/** Whom this person blocks, and which conversations are to be quiet. Emits `changed`. */
import {api} from './api.js';
import {Emitter} from './emitter.js';

export const LEVELS = {all: 'Everything', mentions: 'Only when I am mentioned', none: 'Nothing'};

export class Safety extends Emitter {
  #conversations;
  #blocked = null;

  constructor(conversations) {
    super();
    this.#conversations = conversations;
  }

  /** The ids of everyone who is blocked; asked for once. */
  async blocked() {
    if (this.#blocked) return this.#blocked;
    const found = new Set();
    let after;
    do {
      const page = await api.blocks(after);
      for (const one of page.items) found.add(one.user_id);
      after = page.after;
    } while (after !== undefined);
    this.#blocked = found;
    return found;
  }

  async block(userId) {
    await api.block(userId);
    (await this.blocked()).add(userId);
    this.emit('changed');
  }

  async unblock(userId) {
    await api.unblock(userId);
    (await this.blocked()).delete(userId);
    this.emit('changed');
  }

  /** Which of its messages may call for this person. */
  level(conversation) {
    const {muted_until: until, notifications = 'all'} = conversation.me ?? {};
    return until && new Date(until) > new Date() ? 'none' : notifications;
  }

  async notify(id, level) {
    await api.notify(id, {level});
    const one = this.#conversations.get(id);
    if (one) this.#conversations.take({...one, me: {...one.me, notifications: level, muted_until: undefined}});
  }
}
