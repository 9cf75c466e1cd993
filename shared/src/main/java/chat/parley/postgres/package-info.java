/**
 * The PostgreSQL pool, its time limits and the migrations in {@code db/postgres}.
 */
@NullMarked
package chat.parley.postgres;

import org.jspecify.annotations.NullMarked;
