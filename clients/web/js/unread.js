/**
 * How far this person has looked into each conversation, in this browser. It is an indicator of the page, not a read
 * mark that others see. A browser that never met this person counts from what it finds on its first visit.
 */
const SEEN = 'seen.';
const MET = 'met';

export class Unread {
  #keepsakes;
  #firstVisit;

  constructor(keepsakes) {
    this.#keepsakes = keepsakes;
    this.#firstVisit = keepsakes.get(MET) === undefined;
  }

  seen(conversation) {
    const seen = this.#keepsakes.get(SEEN + conversation.id);
    if (Number.isInteger(seen)) return seen;
    return (conversation.me?.joined_seq ?? 1) - 1;
  }

  /** Conversations found on the very first visit start as read. */
  meet(conversations) {
    if (!this.#firstVisit) return;
    for (const one of conversations) this.look(one.id, one.last_seq ?? 0);
  }

  firstVisitOver() {
    this.#firstVisit = false;
    this.#keepsakes.set(MET, true);
  }

  /** Moves forward only. True when it moved. */
  look(id, seq) {
    if (seq <= (this.#keepsakes.get(SEEN + id) ?? -1)) return false;
    this.#keepsakes.set(SEEN + id, seq);
    return true;
  }

  count(conversation) {
    return Math.max(0, (conversation.last_seq ?? 0) - this.seen(conversation));
  }
}
