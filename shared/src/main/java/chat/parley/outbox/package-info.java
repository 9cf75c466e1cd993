/**
 * What was committed and is not yet known to be published: PostgreSQL {@code outbox}. Rows refer to what happened and never
 * repeat it. They are written in the transaction of what they refer to and deleted in batches after publication.
 */
@NullMarked
package chat.parley.outbox;

import org.jspecify.annotations.NullMarked;
