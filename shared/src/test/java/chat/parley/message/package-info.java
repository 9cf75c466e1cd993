/** What every store of messages promises, and the stores that are held to it. */
@NullMarked
package chat.parley.message;

import org.jspecify.annotations.NullMarked;
