/** Tests of repeats, on real PostgreSQL. */
@NullMarked
package chat.parley.sendapi.idempotency;

import org.jspecify.annotations.NullMarked;
