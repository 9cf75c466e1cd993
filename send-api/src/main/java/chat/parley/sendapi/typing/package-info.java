/**
 * Who is writing just now: told to those who are connected, stored nowhere, never on the way of a message.
 */
@NullMarked
package chat.parley.sendapi.typing;

import org.jspecify.annotations.NullMarked;
