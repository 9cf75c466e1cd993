/** Faults of a Redis Cluster, while people chat over it. */
@NullMarked
package chat.parley.systemtests.cluster;

import org.jspecify.annotations.NullMarked;
