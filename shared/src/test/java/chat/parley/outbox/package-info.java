/** Tests of what is committed and not yet known to be published. */
@NullMarked
package chat.parley.outbox;

import org.jspecify.annotations.NullMarked;
