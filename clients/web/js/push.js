/**
 * Being told of messages while no window of this browser is looked at: the permission, the browser's subscription, the
 * service worker, and the device that the server wakes. That a device is kept here is what says that its person turned
 * this on, in this browser; no worker is registered for anybody else.
 *
 * Emits `changed` when the state changed; `rest` when nobody looks at this window, and so pushes tell what is new, and
 * `awake` once the server knows that somebody does again; `idle` with true when nobody looks and no push would tell, and
 * with false when somebody does; and `open` with a fragment of the address when a notification was pressed.
 */
import {api} from './api.js';
import {Attention} from './attention.js';
import {Emitter} from './emitter.js';
import {newId} from './ids.js';

/** This browser has no Push API, or not on this page: not over plain http, not on an iPhone before it is installed. */
export const UNSUPPORTED = 'unsupported';
/** It has one, and no push service that would answer. */
export const UNAVAILABLE = 'unavailable';
/** Its person said no, and only the browser's settings take that back. */
export const BLOCKED = 'blocked';
export const OFF = 'off';
export const ON = 'on';

const DEVICE = 'push.device';

/** The browser asks its push service, and where none can be reached it may never say so. */
const SUBSCRIBED_WITHIN_MS = 15_000;
const AGAIN_MS = 60_000;
/** A window that closes as this one opens says `background` at the same moment: that must not be the last word. */
const SAY_BACK_AFTER_MS = 1_000;
/** Tag of notifications that name no conversation, as in `sw.js`. */
const UNNAMED = 'new';

export class Push extends Emitter {
  #keepsakes;
  #attention;
  #state = OFF;
  #serverKey;
  #timer = 0;
  #stopped = false;
  #ends = [];
  /** Raised when it is turned off: a registration that is under way must not turn it on again. */
  #generation = 0;
  #clearing = Promise.resolve();

  constructor(keepsakes) {
    super();
    this.#keepsakes = keepsakes;
    this.#attention = new Attention(keepsakes);
    this.#attention.on('away', (isLast) => this.#away(isLast));
    this.#attention.on('back', () => {
      this.emit('idle', false);
      this.#later(SAY_BACK_AFTER_MS, () => this.#back());
    });
  }

  get state() {
    return this.#state;
  }

  get #device() {
    return this.#keepsakes.get(DEVICE)?.id;
  }

  start() {
    this.#attention.watch();
    if (!isSupported()) return this.#to(UNSUPPORTED);
    const worker = navigator.serviceWorker;
    worker.addEventListener('message', this.#told);
    this.#ends = [
      () => worker.removeEventListener('message', this.#told),
      this.#keepsakes.watch(DEVICE, () => {
        if (!this.#device) this.#generation++;
        this.#settle();
      }),
    ];
    this.#watchPermission();
    this.#settle();
    if (this.#state === ON) this.#renew();
    else if (!this.#device) this.#clearing = this.#clear(); // Whoever was logged in before may have left something.
  }

  /** Ends what runs here; who turned it on is told of messages from now on. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#ends.forEach((end) => end());
    this.#attention.unwatch();
    this.#showBadge(0);
  }

  /** Whether there is something to offer: the server sends pushes, and the browser has not refused. */
  async isOffered() {
    if (this.#state !== OFF) return false;
    try {
      await this.#knowServerKey();
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Asks for permission, so it has to be called at a press. What the person or the browser refused is told by the
   * state.
   *
   * @throws what the server answered instead
   */
  async turnOn() {
    if (!isSupported()) return;
    if ((await Notification.requestPermission()) !== 'granted') return this.#settle();
    const id = newId();
    try {
      await this.#clearing; // Else it would take the new worker with it.
      await this.#register(id);
      this.#settle();
    } catch (failure) {
      await this.forget();
      if (!(failure instanceof NotSubscribed)) throw failure;
      this.#to(UNAVAILABLE);
    }
  }

  /** @throws what the server answered instead; then it is on as before */
  async turnOff() {
    const id = this.#device;
    this.#generation++;
    try {
      if (id) await api.removeDevice(id);
    } catch (failure) {
      if (failure.status !== 404) throw failure;
    }
    await this.forget();
  }

  /** Takes from this browser what the server need not be asked for: nothing of theirs stays on a shared computer. */
  async forget() {
    this.#generation++;
    this.#keepsakes.remove(DEVICE);
    if (!isSupported()) return;
    this.#settle();
    await this.#clear();
  }

  /** Worker, subscription and all that is shown, whoever they were of. */
  async #clear() {
    try {
      await closeShown();
      const registration = await navigator.serviceWorker.getRegistration();
      await (await registration?.pushManager.getSubscription())?.unsubscribe();
      await registration?.unregister();
    } catch {
      // The browser keeps what it does not give away; the server does not know the device any more.
    }
  }

  async test() {
    await api.testDevice(this.#device);
  }

  /**
   * What was read, in whatever window or on whatever device, is not shown any more. `seenOf` tells how far a
   * conversation was read; undefined where nobody knows.
   */
  async tidy(seenOf, unread) {
    this.#showBadge(unread);
    // While it is hidden the worker takes back what was read; a browser may forget one that both look up at once.
    if (this.#state !== ON || document.hidden) return;
    const registration = await navigator.serviceWorker.getRegistration();
    for (const one of (await registration?.getNotifications()) ?? []) {
      const isRead = one.data?.conversation_id && one.data.seq <= seenOf(one.data.conversation_id);
      if (isRead || (one.tag === UNNAMED && unread === 0)) one.close();
    }
  }

  /** The number on the icon of an installed page; the worker sets it too, so nobody knows what stands there. */
  #showBadge(unread) {
    if (!navigator.setAppBadge) return;
    (unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()).catch(() => {});
  }

  #told = ({data, ports}) => {
    if (data?.type === 'open') this.emit('open', String(data.hash ?? ''));
    if (data?.type === 'shows?')
      ports[0]?.postMessage(document.hasFocus() && location.hash === `#/c/${data.conversation_id}`);
  };

  async #watchPermission() {
    try {
      const permission = await navigator.permissions.query({name: 'notifications'});
      if (!this.#stopped) permission.onchange = () => this.#stopped || this.#settle();
    } catch {
      // This browser does not tell; the next start of the page finds out.
    }
  }

  /** What stands now, by the permission and by what is kept. */
  #settle() {
    const isAllowed = Notification.permission === 'granted';
    if (this.#device && !isAllowed) this.#lapse();
    if (Notification.permission === 'denied') return this.#to(BLOCKED);
    this.#to(this.#device && isAllowed ? ON : OFF);
  }

  /** The permission was taken back in the browser: nothing would be shown. */
  #lapse() {
    api.removeDevice(this.#device).catch(() => {}); // The push service says so as well.
    this.forget();
  }

  #to(state) {
    if (this.#state === state) return;
    this.#state = state;
    if (this.#attention.isAway && !this.#stopped) this.#restOrIdle(); // Another window turned it on or off.
    this.emit('changed');
  }

  /** Browsers renew subscriptions now and then, and servers their keys. */
  async #renew() {
    const id = this.#device;
    if (!id || this.#stopped || this.#state !== ON) return;
    try {
      await this.#register(id);
    } catch (failure) {
      if (failure instanceof NotSubscribed) this.#to(UNAVAILABLE); // The next start of the page tries again.
      else if (failure.mayPass) this.#later(AGAIN_MS, () => this.#renew());
    }
  }

  async #register(id) {
    const generation = this.#generation;
    const isTurnedOff = () => generation !== this.#generation;
    const key = await this.#knowServerKey();
    const subscription = await within(SUBSCRIBED_WITHIN_MS, subscribe(id, key, this.#keepsakes.get(DEVICE)?.key));
    if (isTurnedOff() && !this.#device) return this.#clear();
    if (isTurnedOff() || this.#stopped) return; // The login may be another person's by now.
    await api.putDevice(id, {
      vendor: 'web_push',
      subscription: subscription.toJSON(),
      locale: navigator.language,
      state: !document.hidden || this.#attention.isAnywhere ? 'foreground' : 'background',
    });
    if (isTurnedOff()) return void api.removeDevice(id).catch(() => {}); // Once more: it may have been stored after.
    if (!this.#stopped) this.#keepsakes.set(DEVICE, {id, key});
  }

  async #knowServerKey() {
    this.#serverKey ??= (await api.webPushKey()).public_key;
    return this.#serverKey;
  }

  #away(isLast) {
    clearTimeout(this.#timer);
    if (isLast && this.#state === ON) api.leaveDevice(this.#device);
    this.#restOrIdle();
  }

  #restOrIdle() {
    if (this.#state === ON) this.emit('rest');
    else this.emit('idle', true);
  }

  async #back() {
    try {
      await api.setDeviceState(this.#device, 'foreground');
      if (this.#isStillHere()) this.emit('awake');
    } catch (failure) {
      if (!this.#isStillHere()) return;
      if (failure.status === 404) await this.#renew();
      else if (failure.mayPass) this.#later(AGAIN_MS, () => this.#back());
    }
  }

  /** Whoever went away meanwhile has said so, but perhaps before `foreground` was stored: it is said again. */
  #isStillHere() {
    if (this.#stopped || this.#state !== ON) return false;
    if (!this.#attention.isAway) return true;
    if (!this.#attention.isAnywhere) api.leaveDevice(this.#device);
    return false;
  }

  #later(pause, work) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#stopped || this.#state !== ON || work(), pause);
  }
}

/** Takes from the screen what is shown: the session ended, and the next to look may be somebody else. */
export async function closeShown() {
  if (!isSupported()) return;
  try {
    const registration = await navigator.serviceWorker.getRegistration();
    for (const one of (await registration?.getNotifications()) ?? []) one.close();
  } catch {
    // The browser shows what it does not take back.
  }
}

/** The browser gave no subscription, whatever its reason. */
class NotSubscribed extends Error {}

function isSupported() {
  return isSecureContext && 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
}

/** The subscription of this browser under `key`: the one it has, or a new one. */
async function subscribe(id, key, keptKey) {
  try {
    await navigator.serviceWorker.register(`/sw.js?device=${id}`);
    const {pushManager} = await navigator.serviceWorker.ready;
    const known = await pushManager.getSubscription();
    if (known && keyOf(known, keptKey) === key) return known;
    await known?.unsubscribe();
    return await pushManager.subscribe({userVisibleOnly: true, applicationServerKey: bytesOf(key)});
  } catch (failure) {
    throw new NotSubscribed(String(failure), {cause: failure});
  }
}

/** Not every browser tells with which key a subscription was made. */
function keyOf(subscription, keptKey) {
  const bytes = subscription.options?.applicationServerKey;
  if (!bytes) return keptKey;
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function bytesOf(base64url) {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

async function within(milliseconds, work) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new NotSubscribed('no answer')), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
