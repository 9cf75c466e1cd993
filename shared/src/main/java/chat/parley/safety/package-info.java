/**
 * What protects people from each other: blocks and reports.
 *
 * <p>PostgreSQL {@code block}: who wants nothing to do with whom. It is written under the lock of the pair, see
 * {@code chat.parley.conversation.DirectPair}, and moves the version of their conversation, so that a send under way is decided anew.
 * {@code report}: what somebody found wrong with a message, with what it said then; settled, never deleted.
 */
@NullMarked
package chat.parley.safety;

import org.jspecify.annotations.NullMarked;
