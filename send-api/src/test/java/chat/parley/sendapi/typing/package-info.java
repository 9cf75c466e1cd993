@NullMarked
package chat.parley.sendapi.typing;

import org.jspecify.annotations.NullMarked;
