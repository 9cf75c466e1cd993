@NullMarked
package chat.parley.net;

import org.jspecify.annotations.NullMarked;
