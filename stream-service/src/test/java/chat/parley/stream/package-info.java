/**
 * Tests of the streams over real PostgreSQL, real Redis and real sockets; and of the rules without them, simulated from a seed.
 */
@NullMarked
package chat.parley.stream;

import org.jspecify.annotations.NullMarked;
