/** Streams on a real Redis. */
@NullMarked
package chat.parley.event;

import org.jspecify.annotations.NullMarked;
