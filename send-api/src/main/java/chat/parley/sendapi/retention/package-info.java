/** Retention: messages older than the limit of their conversation are hidden, then removed. */
@NullMarked
package chat.parley.sendapi.retention;

import org.jspecify.annotations.NullMarked;
