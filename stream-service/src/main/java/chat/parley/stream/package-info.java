/** Placeholder. */
@NullMarked
package chat.parley.stream;

import org.jspecify.annotations.NullMarked;
