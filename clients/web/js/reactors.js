/**
 * Who reacted with what. Messages carry counts only, so the people are asked for when a message with reactions is
 * shown, one message at a time, and kept true by events from then on. Emits `changed` with a conversation's id.
 */
import {api} from './api.js';
import {Emitter} from './emitter.js';

export class Reactors extends Emitter {
  /** By message: the counts for which `who` holds, and `who` itself, a map from each emoji to the ids of people. */
  #known = new Map();
  #queue = [];
  #busy = false;

  /** The people by emoji, or undefined while they are being asked for. */
  of(message) {
    if (!message.reactions) return undefined;
    const counts = JSON.stringify(message.reactions);
    const known = this.#known.get(message.id);
    if (known?.counts !== counts) this.#ask(message, counts);
    return this.#known.get(message.id).who;
  }

  /** Someone reacted, or took it back. */
  apply(messageId, {user_id: userId, emoji, reactions}, added) {
    const known = this.#known.get(messageId);
    if (!known?.who) return;
    const people = new Set(known.who.get(emoji));
    if (added) people.add(userId);
    else people.delete(userId);
    known.who.set(emoji, people);
    // Where something was missed the counts differ, and the next look asks again.
    if (people.size === (reactions[emoji] ?? 0)) known.counts = JSON.stringify(reactions);
  }

  forgetAll() {
    this.#known.clear();
  }

  #ask(message, counts) {
    this.#known.set(message.id, {counts, who: this.#known.get(message.id)?.who});
    this.#queue.push({message, counts});
    this.#work();
  }

  async #work() {
    if (this.#busy) return;
    this.#busy = true;
    for (let next; (next = this.#queue.shift()) !== undefined;) await this.#fetch(next);
    this.#busy = false;
  }

  async #fetch({message, counts}) {
    const known = this.#known.get(message.id);
    if (known?.counts !== counts) return; // Asked again since.
    try {
      const {items} = await api.reactions(message.conversation_id, message.seq);
      const who = new Map();
      for (const one of items) who.set(one.emoji, (who.get(one.emoji) ?? new Set()).add(one.user_id));
      known.who = who;
      this.emit('changed', message.conversation_id);
    } catch {
      // The counts stand without the names; the next change asks again.
    }
  }
}
