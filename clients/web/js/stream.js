/**
 * The one live connection: an EventSource that survives everything a browser does to it.
 *
 * The browser reconnects by itself with the last event id. It gives up for good on any status but 200, so then this
 * class opens a new one, naming the last event id in the address. Emits `event` (an envelope), `state`, and `doubt`
 * when only a REST call can tell whether the session still lives.
 */
import {Emitter} from './emitter.js';

export const CONNECTING = 'connecting';
export const LIVE = 'live';
export const RECONNECTING = 'reconnecting';
export const OFFLINE = 'offline';
export const RESTING = 'resting';
export const ENDED = 'ended';

const TYPES = [
  'message.created',
  'message.edited',
  'message.deleted',
  'reaction.added',
  'reaction.removed',
  'conversation.created',
  'conversation.updated',
  'member.joined',
  'member.left',
  'member.updated',
  'read.advanced',
  'delivered.advanced',
  'typing.started',
  'presence.changed',
  'stream.ready',
  'stream.caught_up',
  'stream.reset',
  'stream.reauth',
  'stream.busy',
  'stream.drain',
];

/** Asked for as an event (`heartbeat_event`), because the comment it would be otherwise is hidden from a page. */
const HEARTBEAT = 'stream.heartbeat';

/** Our own retries, for when the browser gave up: as spread out as the server's `retry:`, then slower. */
const RETRY_FIRST_MS = 1_500;
const RETRY_MOST_MS = 30_000;

/** A connection is taken for dead after this many heartbeats without one: two lost and some patience. */
const HEARTBEATS_MISSED = 2.6;

export class Stream extends Emitter {
  #address;
  #source = null;
  #cursor = '';
  #state = CONNECTING;
  #retries = 0;
  #retryTimer = 0;
  #watchdog = 0;
  #heartbeatMs = 0;
  #running = false;
  #isIdle = false;

  constructor(address) {
    super();
    this.#address = address;
  }

  get state() {
    return this.#state;
  }

  start() {
    this.#running = true;
    addEventListener('online', this.#online);
    addEventListener('offline', this.#offline);
    addEventListener('pageshow', this.#shown);
    document.addEventListener('visibilitychange', this.#shown);
    if (navigator.onLine) this.#open();
    else this.#to(OFFLINE);
  }

  stop() {
    this.#running = false;
    removeEventListener('online', this.#online);
    removeEventListener('offline', this.#offline);
    removeEventListener('pageshow', this.#shown);
    document.removeEventListener('visibilitychange', this.#shown);
    this.#close();
  }

  /** The session is over: nothing reconnects any more. */
  end() {
    this.stop();
    this.#to(ENDED);
  }

  /** Hangs up until somebody looks at the page again: until then pushes tell what is new. */
  rest() {
    if (!this.#running) return;
    this.#isIdle = false;
    this.#close();
    this.#to(RESTING);
  }

  /** Whether nobody looks at the page: what arrives at an idle one counts as seen by nobody, so a phone is woken. */
  beIdle(isIdle) {
    if (this.#isIdle === isIdle) return;
    this.#isIdle = isIdle;
    if (!this.#running || this.#state === OFFLINE) return;
    // A page that is being closed says so as well: none opens a stream for that.
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#open());
  }

  /** Tries at once, instead of when the pause between tries is over. */
  retryNow() {
    if (!this.#running || this.#state === LIVE) return;
    this.#retries = 0;
    this.#open();
  }

  /** As `retryNow`, but leaves a connection that is on its way alone. */
  wake() {
    if (this.#source?.readyState !== EventSource.CONNECTING) this.retryNow();
  }

  #online = () => {
    if (this.#state !== RESTING) this.retryNow();
  };

  #offline = () => {
    if (this.#state === RESTING) return;
    this.#close();
    this.#to(OFFLINE);
  };

  /**
   * Back from another tab, from sleep, or from the page cache: whoever looks at the page should not wait for a timer.
   */
  #shown = () => {
    if (document.visibilityState !== 'visible') return;
    if (!navigator.onLine) return this.#to(OFFLINE);
    this.wake();
  };

  #open() {
    this.#close();
    const parameters = new URLSearchParams({heartbeat_event: '1'});
    if (this.#isIdle) parameters.set('class', 'idle');
    if (this.#cursor) parameters.set('last_event_id', this.#cursor);
    const source = new EventSource(`${this.#address}?${parameters}`);
    this.#source = source;
    if (this.#state !== CONNECTING) this.#to(RECONNECTING);
    source.onerror = () => this.#broken(source);
    for (const type of TYPES) source.addEventListener(type, (frame) => this.#take(source, type, frame));
    source.addEventListener(HEARTBEAT, (frame) => this.#beat(source, frame));
  }

  #close() {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#watchdog);
    this.#source?.close();
    this.#source = null;
  }

  #broken(source) {
    if (source !== this.#source) return;
    clearTimeout(this.#watchdog);
    this.#to(navigator.onLine ? RECONNECTING : OFFLINE);
    if (source.readyState !== EventSource.CLOSED) return;
    this.emit('doubt');
    this.#openLater();
  }

  #openLater() {
    clearTimeout(this.#retryTimer);
    const pause = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** this.#retries++) * (0.75 + Math.random() / 2);
    this.#retryTimer = setTimeout(() => this.#open(), pause);
  }

  #take(source, type, frame) {
    if (source !== this.#source) return;
    if (frame.lastEventId) this.#cursor = frame.lastEventId;
    this.#rewatch();
    let envelope;
    try {
      envelope = JSON.parse(frame.data);
    } catch {
      return; // Not ours: the next frame is whole again.
    }
    if (type === 'stream.ready') {
      this.#heartbeatMs = (envelope.data?.heartbeat_seconds ?? 0) * 1_000;
      this.#retries = 0;
      this.#to(LIVE);
    }
    if (type === 'stream.reauth') this.emit('doubt');
    this.emit('event', {...envelope, type});
  }

  #beat(source, frame) {
    if (source !== this.#source) return;
    if (frame.lastEventId) this.#cursor = frame.lastEventId;
    this.#rewatch();
  }

  /** A line that went dead without a word, as in a tunnel, tells the browser nothing: the missing heartbeats do. */
  #rewatch() {
    clearTimeout(this.#watchdog);
    if (this.#heartbeatMs <= 0) return;
    this.#watchdog = setTimeout(() => this.#silent(), this.#heartbeatMs * HEARTBEATS_MISSED);
  }

  #silent() {
    this.#to(RECONNECTING);
    this.#open();
  }

  #to(state) {
    if (this.#state === state) return;
    this.#state = state;
    this.emit('state', state);
  }
}
