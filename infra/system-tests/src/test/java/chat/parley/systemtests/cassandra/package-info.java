/** The three services as processes with messages in a real Cassandra: everything that a client sees is as with PostgreSQL, also after faults. */
@NullMarked
package chat.parley.systemtests.cassandra;

import org.jspecify.annotations.NullMarked;
