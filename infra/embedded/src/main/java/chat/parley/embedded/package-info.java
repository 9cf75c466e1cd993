/** Placeholder. */
@NullMarked
package chat.parley.embedded;

import org.jspecify.annotations.NullMarked;
