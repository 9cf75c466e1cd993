/**
 * What messages can be found by.
 *
 * <p>PostgreSQL {@code message_search}, one row a message, wherever messages themselves are stored; and {@code search_sweep}, how far it is complete. Words are
 * made here and not by PostgreSQL, so that they are the same for every language, on every server, and where a found message is checked and marked.
 */
@NullMarked
package chat.parley.search;

import org.jspecify.annotations.NullMarked;
