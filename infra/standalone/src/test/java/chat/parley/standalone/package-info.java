/** Tests of the wiring that need no process of their own; the others are in {@code infra/system-tests}. */
@NullMarked
package chat.parley.standalone;

import org.jspecify.annotations.NullMarked;
