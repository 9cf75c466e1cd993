/** Timelines filled from history and from the stream. Emits `changed` with a conversation's id. */
import {api} from './api.js';
import {Emitter} from './emitter.js';
import {Timeline} from './timeline.js';

/** How long a hole may last before history is asked: frames of one conversation can arrive a little out of order. */
const HOLE_LASTS_MS = 1_000;
/** A hole wider than this is not worth filling message by message: the page goes on from the newest stretch. */
const HOLE_WIDEST = 400;
/** After a failed fill, so that a server in trouble is not asked in a loop. */
const FILL_AGAIN_MS = 3_000;
const FILL_PAGE = 100;

export class History extends Emitter {
  #timelines = new Map();
  #opening = new Map();
  #loadingOlder = new Set();
  #loadingNewer = new Set();
  #fillTimers = new Map();

  of(id) {
    return this.#timelines.get(id);
  }

  /** Loads the newest page once; later calls answer from what is here. */
  open(id) {
    if (this.#timelines.get(id)?.loaded) return Promise.resolve();
    if (!this.#opening.has(id)) {
      const opening = this.#loadNewest(id).finally(() => {
        if (this.#opening.get(id) === opening) this.#opening.delete(id);
      });
      this.#opening.set(id, opening);
    }
    return this.#opening.get(id);
  }

  async #loadNewest(id) {
    const timeline = this.#timelines.get(id) ?? new Timeline();
    this.#timelines.set(id, timeline);
    const page = await api.messages(id, {});
    // Forgotten meanwhile: whoever asked again has a load of their own.
    if (this.#timelines.get(id) !== timeline) return;
    this.#take(timeline, page);
    timeline.hasOlder = page.before !== undefined;
    timeline.loaded = true;
    this.emit('changed', id);
    this.#watchHoles(id);
  }

  /** The items of a page, and what they answer. True for each that was new. */
  #take(timeline, page) {
    for (const quoted of page.quoted ?? []) timeline.quote(quoted);
    return page.items.filter((message) => timeline.add(message));
  }

  /** Shows the stretch around one message instead of the newest; fails with 404 where there is no such message. */
  async openAround(id, seq) {
    const timeline = new Timeline();
    const page = await api.messages(id, {around: seq});
    if (!page.items.some((message) => message.seq === seq)) return false;
    const before = this.#timelines.get(id);
    this.forget(id);
    this.#timelines.set(id, timeline);
    this.#take(timeline, page);
    timeline.head = Math.max(timeline.head, before?.head ?? 0);
    timeline.hasOlder = page.before !== undefined;
    timeline.hasNewer = page.after !== undefined;
    timeline.loaded = true;
    this.emit('changed', id);
    this.#watchHoles(id);
    return true;
  }

  /** From a stretch of the past back to the newest messages. */
  async renew(id) {
    if (this.#timelines.get(id)?.hasNewer) this.forget(id);
    await this.open(id);
  }

  isLoadingOlder(id) {
    return this.#loadingOlder.has(id);
  }

  /** Adds one page before the oldest message here. */
  async loadOlder(id) {
    const timeline = this.#timelines.get(id);
    if (!timeline?.loaded || !timeline.hasOlder || this.#loadingOlder.has(id)) return;
    this.#loadingOlder.add(id);
    try {
      const page = await api.messages(id, {before: timeline.oldest});
      if (this.#timelines.get(id) !== timeline) return;
      this.#take(timeline, page);
      timeline.hasOlder = page.before !== undefined && page.items.length > 0;
      this.emit('changed', id);
    } finally {
      this.#loadingOlder.delete(id);
    }
  }

  /** Adds one page after the newest message of a stretch of the past. */
  async loadNewer(id) {
    const timeline = this.#timelines.get(id);
    if (!timeline?.hasNewer || this.#loadingNewer.has(id)) return;
    this.#loadingNewer.add(id);
    try {
      const page = await api.messages(id, {after: timeline.newest});
      if (this.#timelines.get(id) !== timeline) return;
      timeline.hasNewer = false; // So that the page is taken in whole.
      this.#take(timeline, page);
      timeline.hasNewer = page.after !== undefined && page.items.length > 0;
      this.emit('changed', id);
      this.#watchHoles(id);
    } finally {
      this.#loadingNewer.delete(id);
    }
  }

  /** What an event's message answers, as it stands beside it. */
  quote(message) {
    this.#timelines.get(message.conversation_id)?.quote(message);
  }

  /** A message that is answered and came without: asked for once. */
  async want(id, seq) {
    const timeline = this.#timelines.get(id);
    if (!timeline?.wants(seq)) return;
    try {
      if (timeline.quote(await api.message(id, seq))) this.emit('changed', id);
    } catch {
      // Not for us to see, or not now: the answer stands without it.
    }
  }

  /** An event of a reaction. */
  react(id, change) {
    if (this.#timelines.get(id)?.react(change)) this.emit('changed', id);
  }

  /** A message from the stream or from the answer to a send. Conversations that were never opened stay unloaded. */
  apply(message) {
    const timeline = this.#timelines.get(message.conversation_id);
    if (!timeline) return;
    const isOlder = timeline.loaded && message.seq < timeline.oldest && timeline.hasOlder; // Scrolling up will load it.
    if (!(isOlder ? timeline.find(message.seq) && timeline.quote(message) : timeline.add(message))) return;
    if (timeline.loaded) this.emit('changed', message.conversation_id);
    this.#watchHoles(message.conversation_id);
  }

  /** The conversation is known to reach up to `seq`: what is missing at its end counts as a hole too. */
  reaches(id, seq) {
    const timeline = this.#timelines.get(id);
    if (!timeline || seq <= timeline.head) return;
    timeline.head = seq;
    this.#watchHoles(id);
  }

  /** What is before `first` expired, for good. */
  expire(id, first) {
    const timeline = this.#timelines.get(id);
    if (!timeline?.loaded) return;
    timeline.dropBefore(first);
    this.emit('changed', id);
  }

  /** The stream was reset: forget everything, and load again what is asked for. */
  forget(id) {
    clearTimeout(this.#fillTimers.get(id));
    this.#fillTimers.delete(id);
    this.#opening.delete(id);
    this.#timelines.delete(id);
  }

  forgetAll() {
    for (const id of [...this.#timelines.keys()]) this.forget(id);
  }

  #watchHoles(id, pause = HOLE_LASTS_MS) {
    const timeline = this.#timelines.get(id);
    if (!timeline?.loaded || this.#fillTimers.has(id) || !timeline.hole()) return;
    this.#fillTimers.set(
      id,
      setTimeout(() => this.#fillHole(id, timeline), pause),
    );
  }

  async #fillHole(id, timeline) {
    const hole = timeline.hole();
    let pause = 0;
    try {
      if (hole) await this.#fill(id, timeline, hole);
    } catch {
      pause = FILL_AGAIN_MS; // Whatever it was, the hole is still there, and is tried again.
    }
    this.#fillTimers.delete(id);
    if (this.#timelines.get(id) === timeline) this.#watchHoles(id, pause);
  }

  async #fill(id, timeline, hole) {
    if (hole.before - hole.after > HOLE_WIDEST) {
      const page = await api.messages(id, {});
      const oldest = Math.min(...page.items.map((message) => message.seq));
      if (Number.isFinite(oldest) && oldest > hole.after + 1) timeline.dropBefore(oldest);
      this.#addFill(id, timeline, hole, page);
      return;
    }
    const page = await api.messages(id, {after: hole.after, limit: FILL_PAGE});
    this.#addFill(id, timeline, hole, page);
  }

  #addFill(id, timeline, hole, page) {
    const fitting = this.#take(timeline, page);
    if (fitting.length > 0) this.emit('changed', id);
    else timeline.giveUpOn(hole);
  }
}
