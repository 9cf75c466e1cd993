/**
 * Parley on one machine: all three services in one JVM behind one port, over embedded or given stores. This is what
 * {@code ./parley} starts.
 *
 * <p>Data: the data folder holds {@code postgres/} and {@code redis/}, each owned by its embedded server. Only wiring lives
 * here; whatever a service does it does in the same way as a process of its own.
 */
@NullMarked
package chat.parley.standalone;

import org.jspecify.annotations.NullMarked;
