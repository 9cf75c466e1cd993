/** Placeholder. */
@NullMarked
package chat.parley.ops;

import org.jspecify.annotations.NullMarked;
