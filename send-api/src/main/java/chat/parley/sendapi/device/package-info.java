/** Where people can be woken and how they want to be: registering devices, what these say of themselves, preferences. */
@NullMarked
package chat.parley.sendapi.device;

import org.jspecify.annotations.NullMarked;
