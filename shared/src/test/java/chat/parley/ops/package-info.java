/** What every process shares, tried. */
@NullMarked
package chat.parley.ops;

import org.jspecify.annotations.NullMarked;
