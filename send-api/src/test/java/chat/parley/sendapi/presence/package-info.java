@NullMarked
package chat.parley.sendapi.presence;

import org.jspecify.annotations.NullMarked;
