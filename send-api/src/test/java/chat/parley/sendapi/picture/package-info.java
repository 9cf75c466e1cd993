/** Hostile and ordinary pictures. */
@NullMarked
package chat.parley.sendapi.picture;

import org.jspecify.annotations.NullMarked;
