/**
 * Repeats of POSTs that create, told by their {@code Idempotency-Key}.
 *
 * <p>PostgreSQL {@code idempotency}: one row for (user, key), holding the hash of the request, the id reserved for what it makes and, when it
 * is done, the answer. Only successes are kept: a refused request changed nothing, and may be corrected under the same key.
 * Rows are deleted a day after they were begun.
 */
@NullMarked
package chat.parley.sendapi.idempotency;

import org.jspecify.annotations.NullMarked;
