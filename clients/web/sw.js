/**
 * The service worker: shows what is pushed while the page is away, and leads a click to its conversation. It keeps no
 * page and no answer of the server. `js/push.js` registers it as `/sw.js?device=<id>`: a worker has no storage that it
 * shares with the page, and has to know its device when the browser changes the subscription.
 */

/** A browser demands that every push shows something, whatever was in it. The other words are the server's. */
const GENERIC_TITLE = 'New message';

/** Tags: notifications with the same one replace each other. Others are ids of conversations. */
const UNNAMED = 'new';
const TEST = 'test';

/** How long a window may take to say whether it shows a conversation. */
const ANSWER_WITHIN_MS = 500;

const DEVICE = new URL(self.location).searchParams.get('device');

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('push', (event) => event.waitUntil(inTurn(() => received(contentOf(event)))));
self.addEventListener('notificationclick', (event) => event.waitUntil(opened(event.notification)));
self.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(renewed(event)));

/** One push after another, as each looks at what the ones before it have shown. */
let lastTurn = Promise.resolve();
function inTurn(work) {
  lastTurn = lastTurn.catch(() => {}).then(work);
  return lastTurn;
}

/** The object in a push; an empty one for whatever else came. */
function contentOf({data}) {
  try {
    const content = data.json();
    return typeof content === 'object' && content !== null ? content : {};
  } catch {
    return {};
  }
}

const text = (value) => (typeof value === 'string' && value !== '' ? value : undefined);

/** What was on its way to another device, perhaps of somebody else who was logged in here before. */
const isForeign = ({device_id: device}) => text(device) !== undefined && device !== DEVICE;

async function received(content) {
  if (isForeign(content) && content.type === 'clear') return;
  const push = isForeign(content) ? {} : content;
  await showBadge(push.badge);
  if (push.type === 'clear') return clear(push);
  const conversation = text(push.conversation_id);
  const tag = push.type === 'test' ? TEST : (conversation ?? UNNAMED);
  // A push that came twice, or late: what is shown is as new or newer.
  const newer = push.seq && (await shown({tag})).find((one) => one.data?.seq >= push.seq);
  if (newer) return (await mustShowAll()) ? show(newer.title, {...wordsOf(newer), renotify: false}) : undefined;
  if (conversation && (await isLookedAt(conversation)) && !(await mustShowAll())) return;
  await show(text(push.title) ?? GENERIC_TITLE, {
    body: text(push.body) ?? '',
    tag,
    renotify: true,
    data: {url: text(push.url) ?? '/', seq: push.seq, conversation_id: conversation},
  });
}

const wordsOf = ({body, tag, data}) => ({body, tag, data});

const show = (title, options) =>
  self.registration.showNotification(title, {
    ...options,
    icon: '/img/icon-192.png',
    badge: '/img/badge.png',
    dir: 'auto',
  });

/** Read elsewhere. Notifications that name no conversation go when nothing at all is unread. */
async function clear({conversation_id: conversation, read_seq: readSeq = 0, badge}) {
  for (const one of await shown()) {
    const isRead = one.tag === conversation && (one.data?.seq ?? 0) <= readSeq;
    if (isRead || (badge === 0 && one.tag !== TEST)) one.close();
  }
}

const shown = (filter) => self.registration.getNotifications(filter);

/** Not every browser has a badge, and none shows it unless the page is installed. */
async function showBadge(count) {
  if (!Number.isInteger(count) || !navigator.setAppBadge) return;
  await (count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge()).catch(() => {});
}

/** The address that a worker sees of a window is the one it was opened with, so the window is asked. */
async function isLookedAt(conversation) {
  const windows = (await pages()).filter((one) => one.focused);
  const answers = await Promise.all(windows.map((one) => ask(one, {type: 'shows?', conversation_id: conversation})));
  return answers.includes(true);
}

function ask(page, question) {
  return new Promise((resolve) => {
    const {port1: here, port2: there} = new MessageChannel();
    here.onmessage = ({data}) => resolve(data);
    setTimeout(resolve, ANSWER_WITHIN_MS, undefined);
    page.postMessage(question, [there]);
  });
}

/** Apple ends a subscription after a few pushes that showed nothing, even to who looks at the page. */
async function mustShowAll() {
  const subscription = await self.registration.pushManager.getSubscription();
  return subscription !== null && new URL(subscription.endpoint).hostname.endsWith('.push.apple.com');
}

/** Windows of the chat; the server has other pages, which could not follow. */
async function pages() {
  const all = await self.clients.matchAll({type: 'window', includeUncontrolled: true});
  return all.filter((one) => ['/', '/index.html'].includes(new URL(one.url).pathname));
}

async function opened(notification) {
  notification.close();
  const address = ours(notification.data?.url);
  const windows = await pages();
  const page = windows.find((one) => one.visibilityState === 'visible') ?? windows[0];
  if (!page) return self.clients.openWindow(address);
  page.postMessage({type: 'open', hash: address.hash});
  await page.focus().catch(() => {}); // A browser may refuse; the page is there all the same.
}

/** An address below ours; what leads elsewhere leads to the page. */
function ours(url) {
  const home = new URL('/', self.location);
  try {
    const address = new URL(url, home);
    return address.origin === home.origin ? address : home;
  } catch {
    return home;
  }
}

/** The browser took the subscription back, and perhaps made another one already. */
async function renewed({oldSubscription, newSubscription}) {
  if (!DEVICE) return;
  const subscription =
    newSubscription ??
    (await self.registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: oldSubscription?.options.applicationServerKey ?? (await serverKey()),
    }));
  const isOpen = (await pages()).some((one) => one.visibilityState === 'visible');
  await fetch(`/v1/devices/${DEVICE}`, {
    method: 'PUT',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({
      vendor: 'web_push',
      subscription: subscription.toJSON(),
      locale: navigator.language,
      state: isOpen ? 'foreground' : 'background',
    }),
  });
}

async function serverKey() {
  const answer = await fetch('/v1/web-push-key');
  return (await answer.json()).public_key;
}
