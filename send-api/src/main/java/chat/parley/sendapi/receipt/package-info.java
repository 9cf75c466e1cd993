/**
 * Received and read: marks over HTTP, who is told that they moved, and who has seen a message.
 */
@NullMarked
package chat.parley.sendapi.receipt;

import org.jspecify.annotations.NullMarked;
