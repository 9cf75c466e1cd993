/**
 * Whether anyone looks at a window of this browser. Emits `away` when this window is not looked at any more, with true
 * when it was the last one, and `back`.
 *
 * Each window that is looked at says so in the storage they share, again and again: it can be read in the very moment
 * in which a window is closed, and a window that crashed says nothing after a while.
 */
import {Emitter} from './emitter.js';
import {newId} from './ids.js';

/** Whoever only looks something up elsewhere is back before. */
const AWAY_AFTER_MS = 10_000;
const SAY_EVERY_MS = 5_000;
const BELIEVED_FOR_MS = 15_000;
const LOOKED_AT = 'looked-at.';

export class Attention extends Emitter {
  #keepsakes;
  #name = LOOKED_AT + newId();
  #watching = false;
  #isHere = false;
  #isAway = false;
  #leaving = 0;
  #saying = 0;

  constructor(keepsakes) {
    super();
    this.#keepsakes = keepsakes;
  }

  /** Whether this window is not looked at for so long that its listeners were told. */
  get isAway() {
    return this.#isAway;
  }

  /** Whether this window or another one is looked at. */
  get isAnywhere() {
    return this.#keepsakes.names(LOOKED_AT).some((name) => this.#isBelieved(name));
  }

  #isBelieved(name) {
    return Math.abs(Date.now() - (this.#keepsakes.get(name) ?? 0)) < BELIEVED_FOR_MS;
  }

  watch() {
    if (this.#watching) return;
    this.#watching = true;
    for (const name of this.#keepsakes.names(LOOKED_AT)) if (!this.#isBelieved(name)) this.#keepsakes.remove(name);
    document.addEventListener('visibilitychange', this.#look);
    document.addEventListener('freeze', this.#leave);
    addEventListener('pageshow', this.#look);
    addEventListener('pagehide', this.#leave);
    this.#isAway = false;
    this.#isHere = document.visibilityState === 'visible';
    if (this.#isHere) this.#say();
    else this.#leaveLater();
  }

  unwatch() {
    this.#watching = false;
    document.removeEventListener('visibilitychange', this.#look);
    document.removeEventListener('freeze', this.#leave);
    removeEventListener('pageshow', this.#look);
    removeEventListener('pagehide', this.#leave);
    clearTimeout(this.#leaving);
    this.#hush();
  }

  #look = () => {
    clearTimeout(this.#leaving);
    if (document.visibilityState !== 'visible') return this.#leaveLater();
    if (!this.#isHere) this.#say();
    this.#isHere = true;
    if (!this.#isAway) return;
    this.#isAway = false;
    this.emit('back');
  };

  /** A phone stops a page soon after it is hidden: nothing would run later. */
  #leaveLater() {
    if (matchMedia('(pointer: coarse)').matches) this.#leave();
    else this.#leaving = setTimeout(this.#leave, AWAY_AFTER_MS);
  }

  #leave = () => {
    clearTimeout(this.#leaving);
    if (this.#isAway) return;
    this.#hush();
    this.#isHere = false;
    this.#isAway = true;
    this.emit('away', !this.isAnywhere);
  };

  #say() {
    clearInterval(this.#saying);
    this.#saying = setInterval(() => this.#keepsakes.set(this.#name, Date.now()), SAY_EVERY_MS);
    this.#keepsakes.set(this.#name, Date.now());
  }

  #hush() {
    clearInterval(this.#saying);
    this.#keepsakes.remove(this.#name);
  }
}
