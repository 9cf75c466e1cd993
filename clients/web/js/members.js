/** Who is in each conversation. Small ones carry their members along; the others are asked for when needed. */
import {api} from './api.js';

const PAGE = 100;

export class Members {
  #conversations;
  #loaded = new Map();

  constructor(conversations) {
    this.#conversations = conversations;
  }

  /** The members as far as they are here: `{user_id, role}` and more. */
  of(id) {
    return this.#loaded.get(id)?.items ?? this.#conversations.get(id)?.members ?? [];
  }

  /** All of them; asked for unless the conversation carries them. */
  async load(id) {
    const one = this.#conversations.get(id);
    if (one?.members && one.members.length >= (one.member_count ?? Infinity)) return one.members;
    if (!this.#loaded.has(id)) await this.reload(id);
    return this.of(id);
  }

  async reload(id) {
    const items = [];
    let after;
    do {
      const page = await api.members(id, after, PAGE);
      items.push(...page.items);
      after = page.after;
    } while (after !== undefined);
    this.#loaded.set(id, {items});
    return items;
  }

  /** Someone came, went or changed. */
  forget(id) {
    this.#loaded.delete(id);
  }
}
