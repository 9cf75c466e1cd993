/** Tests of the embedded servers: with real processes, in folders of their own. */
@NullMarked
package chat.parley.embedded;

import org.jspecify.annotations.NullMarked;
