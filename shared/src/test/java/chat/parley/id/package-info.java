/** Tests of where ids come from. */
@NullMarked
package chat.parley.id;

import org.jspecify.annotations.NullMarked;
