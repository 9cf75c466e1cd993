@NullMarked
package chat.parley.sendapi;

import org.jspecify.annotations.NullMarked;
