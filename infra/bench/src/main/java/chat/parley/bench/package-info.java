/** Placeholder. */
@NullMarked
package chat.parley.bench;

import org.jspecify.annotations.NullMarked;
