/**
 * Publishes what was committed and is not known to be published: after a crash, after Redis was away, after Redis lost what it held. Owns the rows
 * of {@code outbox} that are overdue, one node at a time.
 */
@NullMarked
package chat.parley.sendapi.relay;

import org.jspecify.annotations.NullMarked;
