/** Tests of what all stores in PostgreSQL share. */
@NullMarked
package chat.parley.postgres;

import org.jspecify.annotations.NullMarked;
