@NullMarked
package chat.parley.sendapi.device;

import org.jspecify.annotations.NullMarked;
