/**
 * The three services as real processes of their own, started from their mains over servers of the test's own, and clients that talk to them
 * by HTTP only. Everything here can be killed, paused and started again, and nothing of it outlives the test's JVM.
 */
@NullMarked
package chat.parley.systemtests.process;

import org.jspecify.annotations.NullMarked;
