/**
 * What to tell a person, by the permanent code of a problem. Codes that are not here get a sentence that is still true.
 */

const SENTENCES = {
  no_answer: 'The server cannot be reached right now. Check your connection and try again.',
  bad_credentials: 'That username and password do not belong together.',
  username_taken: 'Someone already uses that username. Try another one.',
  too_many_requests: 'That was a lot at once. Wait a moment, then try again.',
  unauthenticated: 'Your session has ended. Log in again.',
  forbidden: 'You may not do that here.',
  not_found: 'That is not here, or not for you to see.',
  origin_not_allowed: 'This server does not accept what is written from this address. Ask whoever runs it to allow it.',
  too_late: 'The time in which this could be changed is over.',
  message_deleted: 'This message was deleted.',
  too_many_reactions: 'This message has all the kinds of reactions it can hold.',
  unknown_message: 'The message that this answers is not here.',
  not_a_member: 'Someone you mention is not in this conversation.',
  group_full: 'This group is full.',
  banned: 'This person is banned here. Lift the ban first.',
  last_owner: 'Make someone else an owner first: without one nobody could look after it.',
  too_many_pins: 'As many messages are pinned as there may be. Unpin one first.',
  too_many_invites: 'There are as many open links as there may be. Revoke one first.',
  too_many_blocks: 'You block as many people as one can.',
  too_many_reports: 'As many reports of yours wait as there may be. Give the admins some time.',
  idempotency_in_progress: 'This is still being worked on. Wait a moment, then try again.',
  overloaded: 'The server has more to do than it can right now. Try again in a moment.',
  internal: 'Something went wrong at the server. Try again.',
  invalid_field: 'Something in there cannot be accepted. Check what you wrote.',
  idempotency_mismatch: 'This was already sent with other words. Write it once more.',
  body_too_large: 'That is too long to send.',
  media_off: 'This server keeps no files.',
  search_off: 'Messages cannot be searched on this server.',
  unknown_media: 'A file of this message is not there any more. Attach it again.',
  unavailable: 'The server is catching its breath. Try again in a moment.',
};

const FIELD_SENTENCES = {
  username: 'Use 3 to 32 letters, digits, dots, dashes or underscores.',
  password: 'Use 8 to 128 characters.',
  display_name: 'Use 1 to 64 characters.',
  name: 'Use 1 to 100 characters.',
  topic: 'Use at most 250 characters.',
  note: 'Use at most 1,000 characters.',
  text: 'A message holds 1 to 10,000 characters.',
};

/** One sentence for the whole failure. */
export function sentence(failure) {
  if (failure.code === 'too_many_requests' && failure.retryAfterSeconds > 0) {
    return `That was a lot at once. Try again in ${waitingTime(failure.retryAfterSeconds)}.`;
  }
  if (failure.code === 'invalid_field' && SENTENCES[failure.errors?.[0]?.code]) return SENTENCES[failure.errors[0].code];
  if (SENTENCES[failure.code]) return SENTENCES[failure.code];
  if (failure.status === 401) return SENTENCES.unauthenticated;
  if (failure.status === 403) return SENTENCES.forbidden;
  if (failure.status === 404) return SENTENCES.not_found;
  if (failure.status === 429) return SENTENCES.too_many_requests;
  if (failure.status >= 500) return SENTENCES.unavailable;
  return 'That did not work. Try again.';
}

function waitingTime(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

/** What to say beside each field, as `{field: sentence}`; empty when the failure names no field. */
export function byField(failure) {
  const said = {};
  for (const error of failure.errors ?? []) {
    const field = String(error.pointer ?? '')
      .replace(/^#?\//, '')
      .split('/')[0];
    if (field)
      said[field] =
        SENTENCES[error.code] && error.code !== 'invalid_field'
          ? SENTENCES[error.code]
          : (FIELD_SENTENCES[field] ?? SENTENCES.invalid_field);
  }
  if (failure.code === 'username_taken') said.username = SENTENCES.username_taken;
  return said;
}
