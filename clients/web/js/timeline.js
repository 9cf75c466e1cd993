/**
 * The messages of one conversation that this page holds: ordered by `seq`, each once, in its newest version. Knows
 * nothing of the network; says where `seq` has holes.
 */
export class Timeline {
  #bySeq = new Map();
  #order = [];
  #emptyForGood = new Set();
  /** Counts that came by an event of their own, and may be ahead of their message. */
  #reactions = new Map();
  /** Messages that others answer, and that may lie outside of what is loaded. */
  #quoted = new Map();
  #wanted = new Set();

  /** Whether the first page has arrived; until then live messages are held but there is nothing to show. */
  loaded = false;
  /** Whether history has messages before the oldest one here. */
  hasOlder = false;
  /** Whether this is a stretch of the past, with more after it that is not loaded. */
  hasNewer = false;
  /** The highest seq that is known to exist. */
  head = 0;

  get messages() {
    return this.#order.map((seq) => this.#bySeq.get(seq));
  }

  get oldest() {
    return this.#order[0] ?? 0;
  }

  get newest() {
    return this.#order.at(-1) ?? 0;
  }

  /** The message, also one that is only quoted here; or undefined. */
  find(seq) {
    return newerOf(this.#bySeq.get(seq), this.#quoted.get(seq));
  }

  has(seq) {
    return this.#bySeq.has(seq);
  }

  /** True when this changed anything: false for a repeat and for a version that is older than the one here. */
  add(message) {
    const isQuoted = this.#quoted.has(message.seq) && this.quote(message);
    this.head = Math.max(this.head, message.seq);
    if (this.hasNewer && message.seq > this.newest + 1) return isQuoted; // Scrolling down will load it.
    const known = this.#bySeq.get(message.seq);
    if (known && known.version >= message.version) return isQuoted;
    this.#bySeq.set(message.seq, this.#withReactions(message));
    if (!known) this.#insert(message.seq);
    return true;
  }

  /** True once for a message that is answered here but not known. */
  wants(seq) {
    if (this.find(seq) || this.#wanted.has(seq)) return false;
    this.#wanted.add(seq);
    return true;
  }

  /** Keeps a message that another one answers. True when that changed anything. */
  quote(message) {
    const known = this.#quoted.get(message.seq);
    if (known && known.version >= message.version) return false;
    this.#quoted.set(message.seq, message);
    return true;
  }

  /** The counts of an event of a reaction: kept also for a message that is not here yet. */
  react({seq, version, reactions}) {
    const message = this.#bySeq.get(seq);
    if ((this.#reactions.get(seq)?.version ?? 0) >= version) return false;
    this.#reactions.set(seq, {version, reactions});
    if (!message || message.version >= version) return false;
    this.#bySeq.set(seq, this.#withReactions(message));
    return true;
  }

  /** An edit that overtook a reaction, or the other way round: each carries its own half of the truth. */
  #withReactions(message) {
    const later = this.#reactions.get(message.seq);
    if (!later || later.version <= message.version || message.deleted_at) return message;
    return {...message, reactions: later.reactions};
  }

  #insert(seq) {
    let at = this.#order.length;
    while (at > 0 && this.#order[at - 1] > seq) at--;
    this.#order.splice(at, 0, seq);
  }

  /**
   * The first stretch that is missing between the oldest message here and the head, as `{after, before}`; or undefined.
   */
  hole() {
    const end = this.hasNewer ? this.newest : this.head;
    if (this.newest === end && this.newest - this.oldest + 1 === this.#order.length) return undefined;
    let previous = this.#order[0];
    if (previous === undefined)
      return this.loaded && this.#missing(0, end + 1) ? {after: 0, before: end + 1} : undefined;
    for (const seq of [...this.#order.slice(1), end + 1]) {
      if (this.#missing(previous, seq)) return {after: previous, before: seq};
      previous = seq;
    }
    return undefined;
  }

  #missing(after, before) {
    for (let seq = after + 1; seq < before; seq++) if (!this.#emptyForGood.has(seq)) return true;
    return false;
  }

  /** History has nothing for us in this stretch: it will not be asked again. */
  giveUpOn({after, before}) {
    for (let seq = after + 1; seq < before; seq++) this.#emptyForGood.add(seq);
  }

  /** Drops everything before `seq`; scrolling up brings it back from history. */
  dropBefore(seq) {
    for (const old of this.#order.filter((one) => one < seq)) this.#bySeq.delete(old);
    this.#order = this.#order.filter((one) => one >= seq);
    this.hasOlder = true;
  }
}

function newerOf(one, other) {
  if (!one || !other) return one ?? other;
  return other.version > one.version ? other : one;
}
