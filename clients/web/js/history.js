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
    for (const message of page.items) timeline.add(message);
    timeline.hasOlder = page.before !== undefined;
    timeline.loaded = true;
    this.emit('changed', id);
    this.#watchHoles(id);
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
      for (const message of page.items) timeline.add(message);
      timeline.hasOlder = page.before !== undefined && page.items.length > 0;
      this.emit('changed', id);
    } finally {
      this.#loadingOlder.delete(id);
    }
  }

  /** A message from the stream or from the answer to a send. Conversations that were never opened stay unloaded. */
  apply(message) {
    const timeline = this.#timelines.get(message.conversation_id);
    if (!timeline) return;
    if (timeline.loaded && message.seq < timeline.oldest && timeline.hasOlder) return; // Scrolling up will load it.
    if (!timeline.add(message)) return;
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
      this.#addFill(id, timeline, hole, page.items);
      return;
    }
    const page = await api.messages(id, {after: hole.after, limit: FILL_PAGE});
    this.#addFill(id, timeline, hole, page.items);
  }

  #addFill(id, timeline, hole, messages) {
    const fitting = messages.filter((message) => timeline.add(message));
    if (fitting.length > 0) this.emit('changed', id);
    else timeline.giveUpOn(hole);
  }
}
