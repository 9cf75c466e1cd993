package chat.parley.sendapi.idempotency;

import chat.parley.id.UserId;

/**
 * The right to answer a key for the first time.
 *
 * @param number tells this attempt from another one that took over
 * @param reserved the id that what it makes must have: the same for every attempt
 * @param first false when an earlier attempt began and nobody knows how far it came
 */
record Attempt(UserId user, String key, long number, long reserved, boolean first) {}
