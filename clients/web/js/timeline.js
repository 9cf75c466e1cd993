/**
 * The messages of one conversation that this page holds: ordered by `seq`, each once, in its newest version. Knows
 * nothing of the network; says where `seq` has holes.
 */
export class Timeline {
  #bySeq = new Map();
  #order = [];
  #emptyForGood = new Set();

  /** Whether the first page has arrived; until then live messages are held but there is nothing to show. */
  loaded = false;
  /** Whether history has messages before the oldest one here. */
  hasOlder = false;
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

  /** True when this changed anything: false for a repeat and for a version that is older than the one here. */
  add(message) {
    const known = this.#bySeq.get(message.seq);
    if (known && known.version >= message.version) return false;
    this.#bySeq.set(message.seq, message);
    if (!known) this.#insert(message.seq);
    this.head = Math.max(this.head, message.seq);
    return true;
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
    if (this.newest === this.head && this.newest - this.oldest + 1 === this.#order.length) return undefined;
    let previous = this.#order[0];
    if (previous === undefined)
      return this.loaded && this.#missing(0, this.head + 1) ? {after: 0, before: this.head + 1} : undefined;
    for (const seq of [...this.#order.slice(1), this.head + 1]) {
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
