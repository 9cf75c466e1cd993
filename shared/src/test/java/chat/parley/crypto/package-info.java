/** Native code against the JDK's. */
@NullMarked
package chat.parley.crypto;

import org.jspecify.annotations.NullMarked;
