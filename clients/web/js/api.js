/** Every REST call that this page makes. The session cookie is the browser's business; no token passes through here. */
import {newId} from './ids.js';

/** A request without any byte of answer for this long has an unknown outcome; what repeats it must be repeatable. */
const ANSWER_WITHIN_MS = 20_000;

/** The server answered with a problem (RFC 9457). `code` is the contract, the rest is detail. */
export class Problem extends Error {
  constructor(status, body, retryAfterSeconds) {
    super(body.code ?? `http_${status}`);
    this.status = status;
    this.code = body.code ?? `http_${status}`;
    this.errors = body.errors ?? [];
    this.retryAfterSeconds = retryAfterSeconds;
    this.mayPass = body.retryable === true || status === 429 || status >= 500;
  }
}

/** No answer: the network is away, the server is away, or it took too long. The outcome is unknown. */
export class NoAnswer extends Error {
  code = 'no_answer';
  errors = [];
  mayPass = true;
}

async function call(method, path, {body, headers = {}, query} = {}) {
  const parameters = new URLSearchParams(Object.entries(query ?? {}).filter(([, value]) => value !== undefined));
  const address = parameters.size ? `${path}?${parameters}` : path;
  let response;
  let text;
  try {
    response = await fetch(address, {
      method,
      headers: {Accept: 'application/json', ...(body ? {'Content-Type': 'application/json'} : {}), ...headers},
      body: body ? JSON.stringify(body) : undefined,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    text = await response.text();
  } catch (failure) {
    throw new NoAnswer(`${method} ${path}`, {cause: failure});
  }
  const answer = parsed(text);
  if (response.ok) return answer;
  const retryAfter = Number(response.headers.get('Retry-After'));
  throw new Problem(response.status, answer ?? {}, Number.isFinite(retryAfter) ? retryAfter : 0);
}

/** The JSON in `text`, or undefined: a proxy in between may well answer with a page of its own. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const part = encodeURIComponent;
const conversation = (id) => `/v1/conversations/${part(id)}`;
const device = (id) => `/v1/devices/${part(id)}`;
const message = (id, seq) => `${conversation(id)}/messages/${part(seq)}`;

export const api = {
  signUp: (person) => call('POST', '/v1/users', {body: person, headers: {'Idempotency-Key': newId()}}),
  logIn: (credentials) => call('POST', '/v1/sessions', {body: credentials}),
  logOut: () => call('DELETE', '/v1/sessions/current'),
  sessions: () => call('GET', '/v1/sessions'),
  endSession: (id) => call('DELETE', `/v1/sessions/${part(id)}`),

  me: () => call('GET', '/v1/users/me'),
  deleteMe: (password) => call('DELETE', '/v1/users/me', {body: password ? {password} : {}}),
  user: (id) => call('GET', `/v1/users/${part(id)}`),
  findUsers: (prefix) => call('GET', '/v1/users', {query: {query: prefix}}),

  conversations: (after) => call('GET', '/v1/conversations', {query: {limit: 50, after}}),
  conversation: (id) => call('GET', conversation(id)),
  createConversation: (wanted, idempotencyKey) =>
    call('POST', '/v1/conversations', {body: wanted, headers: {'Idempotency-Key': idempotencyKey}}),
  publicChannels: (query, after) =>
    call('GET', '/v1/conversations', {query: {public: 1, query: query || undefined, limit: 30, after}}),
  changeConversation: (id, settings) => call('PATCH', conversation(id), {body: settings}),
  deleteConversation: (id) => call('DELETE', conversation(id)),
  join: (id) => call('POST', `${conversation(id)}/join`),
  invites: (id) => call('GET', `${conversation(id)}/invites`),
  createInvite: (id, wanted, key) =>
    call('POST', `${conversation(id)}/invites`, {body: wanted, headers: {'Idempotency-Key': key}}),
  revokeInvite: (id, invite) => call('DELETE', `${conversation(id)}/invites/${part(invite)}`),
  invite: (token) => call('GET', `/v1/invites/${part(token)}`),
  joinByInvite: (token) => call('POST', `/v1/invites/${part(token)}/join`),
  bans: (id, after) => call('GET', `${conversation(id)}/bans`, {query: {limit: 100, after}}),
  ban: (id, userId) => call('PUT', `${conversation(id)}/bans/${part(userId)}`),
  unban: (id, userId) => call('DELETE', `${conversation(id)}/bans/${part(userId)}`),
  pins: (id) => call('GET', `${conversation(id)}/pins`),
  pin: (id, seq) => call('PUT', `${conversation(id)}/pins/${part(seq)}`),
  unpin: (id, seq) => call('DELETE', `${conversation(id)}/pins/${part(seq)}`),
  setRole: (id, userId, role) => call('PATCH', `${conversation(id)}/members/${part(userId)}`, {body: {role}}),
  notify: (id, choice) => call('PUT', `${conversation(id)}/notifications`, {body: choice}),
  webPushKey: () => call('GET', '/v1/web-push-key'),
  putDevice: (id, wanted) => call('PUT', device(id), {body: wanted}),
  removeDevice: (id) => call('DELETE', device(id)),
  setDeviceState: (id, state) => call('POST', `${device(id)}/state`, {body: {state}}),
  /** For a page that ends: nobody waits for the answer. */
  leaveDevice: (id) =>
    navigator.sendBeacon(
      `${device(id)}/state`,
      new Blob([JSON.stringify({state: 'background'})], {type: 'application/json'}),
    ),
  testDevice: (id) => call('POST', `${device(id)}/test`),
  pushPreferences: () => call('GET', '/v1/users/me/notifications'),
  setPushPreferences: (wanted) => call('PUT', '/v1/users/me/notifications', {body: wanted}),
  blocks: (after) => call('GET', '/v1/users/me/blocks', {query: {limit: 100, after}}),
  block: (userId) => call('PUT', `/v1/users/me/blocks/${part(userId)}`),
  unblock: (userId) => call('DELETE', `/v1/users/me/blocks/${part(userId)}`),
  report: (id, seq, wanted) => call('POST', `${message(id, seq)}/reports`, {body: wanted}),
  reports: (id) => call('GET', `${conversation(id)}/reports`, {query: {limit: 50}}),
  settleReports: (id, seq) => call('DELETE', `${conversation(id)}/reports/${part(seq)}`),
  members: (id, after, limit = 100) => call('GET', `${conversation(id)}/members`, {query: {limit, after}}),
  addMembers: (id, userIds) =>
    call('POST', `${conversation(id)}/members`, {body: {user_ids: userIds}, headers: {'Idempotency-Key': newId()}}),
  searchMessages: (query) => call('GET', '/v1/search/messages', {query}),
  typing: (id) => call('POST', `${conversation(id)}/typing`),
  presence: (userIds) => call('GET', '/v1/presence', {query: {user_ids: userIds.join(',')}}),
  myPresence: () => call('GET', '/v1/presence/me'),
  setMyPresence: (wanted) => call('PUT', '/v1/presence/me', {body: wanted}),
  receipts: (receipts) => call('POST', '/v1/receipts', {body: {receipts}}),
  unread: () => call('GET', '/v1/users/me/unread'),
  removeMember: (id, userId) => call('DELETE', `${conversation(id)}/members/${part(userId)}`),

  /** `range` is `{}` for the newest page, or `{before}`, `{after}` or `{around}` a seq. */
  messages: (id, range) => call('GET', `${conversation(id)}/messages`, {query: {limit: 50, ...range}}),
  message: (id, seq) => call('GET', message(id, seq)),
  send: (id, wanted) => call('POST', `${conversation(id)}/messages`, {body: wanted}),
  edit: (id, seq, change) => call('PATCH', message(id, seq), {body: change}),
  remove: (id, seq) => call('DELETE', message(id, seq)),
  versions: (id, seq) => call('GET', `${message(id, seq)}/versions`),
  seenBy: (id, seq, after) => call('GET', `${message(id, seq)}/receipts`, {query: {limit: 100, after}}),
  reactions: (id, seq) => call('GET', `${message(id, seq)}/reactions`, {query: {limit: 200}}),
  react: (id, seq, emoji) => call('PUT', `${message(id, seq)}/reactions/${part(emoji)}`),
  unreact: (id, seq, emoji) => call('DELETE', `${message(id, seq)}/reactions/${part(emoji)}`),
};
