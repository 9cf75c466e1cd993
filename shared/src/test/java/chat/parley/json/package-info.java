/** Tests of how JSON is written. */
@NullMarked
package chat.parley.json;

import org.jspecify.annotations.NullMarked;
