/** Messages over HTTP, and the relay, over real stores. */
@NullMarked
package chat.parley.sendapi.message;

import org.jspecify.annotations.NullMarked;
