/** Cassandra as stores use it: the session with its time limits, health, and the schema under {@code db/cassandra}. */
@NullMarked
package chat.parley.cassandra;

import org.jspecify.annotations.NullMarked;
