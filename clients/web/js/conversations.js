/**
 * The conversations of this person, by last activity. Emits `changed` (with an id, or none for all) and `gone` with an
 * id.
 */
import {api} from './api.js';
import {Emitter} from './emitter.js';

/** Membership events come in bursts; the conversation is asked for once after them. */
const ASK_AFTER_MS = 250;

export class Conversations extends Emitter {
  #byId = new Map();
  #asking = new Map();
  #next;

  loaded = false;

  get(id) {
    return this.#byId.get(id);
  }

  get hasMore() {
    return this.#next !== undefined;
  }

  list() {
    return [...this.#byId.values()].sort((a, b) => lastActivity(b).localeCompare(lastActivity(a)));
  }

  /** Loads the first page anew. What is not on it and would have to be is no longer ours. */
  async reload() {
    const page = await api.conversations();
    const ids = new Set(page.items.map((one) => one.id));
    const end = page.after === undefined ? '' : lastActivity(page.items.at(-1));
    for (const old of [...this.#byId.values()]) {
      if (!ids.has(old.id) && lastActivity(old) > end) this.#byId.delete(old.id);
    }
    for (const one of page.items) this.#put(one);
    this.#next = page.after;
    this.loaded = true;
    this.emit('changed');
    return page.items;
  }

  async loadMore() {
    if (this.#next === undefined) return;
    const page = await api.conversations(this.#next);
    for (const one of page.items) this.#put(one);
    this.#next = page.after;
    this.emit('changed');
  }

  /** Takes in a conversation from an answer or an event; fields that it does not carry stay as they are. */
  take(conversation) {
    this.#put(conversation);
    this.emit('changed', conversation.id);
  }

  #put(conversation) {
    const known = this.#byId.get(conversation.id);
    // What a whole conversation does not carry is not set any more; only `me` and its messages may stand elsewhere.
    const unset = conversation.created_at ? {topic: undefined, pinned_seqs: undefined, retention_seconds: undefined} : {};
    const merged = {...known, ...unset, ...conversation};
    if (known && (known.last_seq ?? 0) > (conversation.last_seq ?? 0)) {
      merged.last_seq = known.last_seq; // A live message overtook this answer.
      merged.last_message = known.last_message;
    }
    if (known?.me && merged.me) merged.me = {...merged.me, ...furthest(known.me, merged.me)};
    this.#byId.set(conversation.id, merged);
  }

  /** A message was stored. False when the conversation is not known here, and has to be asked for. */
  advance(message) {
    const known = this.#byId.get(message.conversation_id);
    if (!known) return false;
    const isSame = message.seq === known.last_message?.seq;
    if (isSame ? message.version > known.last_message.version : message.seq >= (known.last_seq ?? 0)) {
      known.last_seq = message.seq;
      known.last_message = message;
      this.emit('changed', known.id);
    }
    return true;
  }

  /** My own marks, moved here or on another device. Forward only. */
  moveMarks(id, marks) {
    const known = this.#byId.get(id);
    if (!known?.me) return;
    known.me = {...known.me, ...furthest(known.me, marks)};
    this.emit('changed', id);
  }

  /** Asks the server for a conversation that was not known here. Fails like every call. */
  async fetch(id) {
    this.take(await api.conversation(id));
  }

  /** Asks the server how this conversation stands now, once for all events of the same moment. */
  refresh(id) {
    if (this.#asking.has(id)) return this.#asking.get(id);
    const asked = this.#askSoon(id);
    this.#asking.set(id, asked);
    return asked;
  }

  async #askSoon(id) {
    await new Promise((resolve) => setTimeout(resolve, ASK_AFTER_MS));
    if (!this.#asking.delete(id)) return; // Left in the meantime.
    try {
      await this.fetch(id);
    } catch (failure) {
      if (failure.status === 404) this.drop(id);
    }
  }

  drop(id) {
    this.#asking.delete(id);
    if (!this.#byId.delete(id)) return;
    this.emit('changed', id);
    this.emit('gone', id);
  }
}

function lastActivity(conversation) {
  return conversation.last_message?.created_at ?? conversation.created_at ?? '';
}

/** Whichever answer arrives last, marks only grow. */
function furthest(one, other) {
  const read = Math.max(one.read_seq ?? 0, other.read_seq ?? 0);
  return {read_seq: read, delivered_seq: Math.max(read, one.delivered_seq ?? 0, other.delivered_seq ?? 0)};
}
