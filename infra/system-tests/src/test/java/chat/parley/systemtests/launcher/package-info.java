/** Tests of {@code ./parley}: its building and finding in a made-up tree, its running with the real thing. */
@NullMarked
package chat.parley.systemtests.launcher;

import org.jspecify.annotations.NullMarked;
