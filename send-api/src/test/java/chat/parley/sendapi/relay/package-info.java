/** The relay over real stores. */
@NullMarked
package chat.parley.sendapi.relay;

import org.jspecify.annotations.NullMarked;
