/**
 * Messages and their store.
 *
 * <p>PostgreSQL {@code message}, one row a message, keyed by (conversation, seq). The store also moves {@code last_seq} and
 * {@code last_at} of the conversation's row, under that row's lock, taken last.
 */
@NullMarked
package chat.parley.message;

import org.jspecify.annotations.NullMarked;
