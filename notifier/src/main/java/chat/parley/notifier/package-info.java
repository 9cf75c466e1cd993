/**
 * The process that wakes people: takes push jobs from the queue and, for now, notes each in the log; the vendors come later. Owns no data; any number of
 * them share the queue.
 */
@NullMarked
package chat.parley.notifier;

import org.jspecify.annotations.NullMarked;
