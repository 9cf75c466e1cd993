package chat.parley.testkit;

import chat.parley.cassandra.Cassandra;
import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * A ring of three {@link RealCassandra} nodes, on 127.0.0.1 to 127.0.0.3, each with all data. Some 2 GB and, on two cores, half a minute: only for tests of what becomes of
 * a ring, which share the one of this JVM and leave it whole.
 */
public final class RealRing implements AutoCloseable {
    private static final List<String> HOSTS = List.of("127.0.0.1", "127.0.0.2", "127.0.0.3");
    private static final Duration WHOLE_MAX = Duration.ofMinutes(3);
    private static final Duration LOOK_LIMIT = Duration.ofSeconds(10);

    /** Of a table that every ring of three has three replicas of. */
    private static final String LOOK = """
            SELECT id FROM system_distributed.repair_history WHERE keyspace_name = 'none' AND columnfamily_name = 'none' LIMIT 1""";

    private static final class Shared {
        static final RealRing RING = started();

        private static RealRing started() {
            var ring = start();
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(ring::close));
            return ring;
        }
    }

    private final List<CassandraNode> nodes;

    private RealRing(List<CassandraNode> nodes) {
        this.nodes = nodes;
    }

    /** The ring of this JVM, started when first asked for. */
    public static RealRing shared() {
        RealCassandra.needJava17();
        return Shared.RING;
    }

    private static RealRing start() {
        try {
            int storagePort = CassandraNode.freePort(HOSTS);
            int port = CassandraNode.freePort(HOSTS);
            var nodes = new ArrayList<CassandraNode>();
            for (var host : HOSTS) {
                // Spread evenly: 2^64 tokens from the lowest on.
                long token = Long.MIN_VALUE + nodes.size() * Long.divideUnsigned(-1L, HOSTS.size());
                nodes.add(new CassandraNode(
                        new CassandraNode.Place(host, storagePort, port, HOSTS, token), CassandraNode.SMALL));
            }
            var ring = new RealRing(List.copyOf(nodes));
            ring.awaitWhole();
            return ring;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A keyspace that no other test has, three replicas of each row; made when it is opened. */
    public Cassandra.Address freshKeyspace() {
        return new Cassandra.Address(
                nodes.stream().map(node -> node.place().address()).toList(),
                CassandraNode.DATA_CENTER,
                RealCassandra.nextKeyspace(),
                nodes.size(),
                null,
                null,
                false);
    }

    /** {@code kill -9} of these nodes, 0 to 2. */
    public void kill(int... which) {
        for (int i : which) {
            nodes.get(i).kill();
        }
    }

    /** Starts these again on their data; returns when all nodes know each other. */
    public void restart(int... which) {
        for (int i : which) {
            nodes.get(i).startAgain();
        }
        awaitWhole();
    }

    /** This one stands still; it lives, and its connections stay open. */
    public void pause(int which) {
        nodes.get(which).pause();
    }

    /** Ends {@link #pause}; returns when all nodes know each other. */
    public void resume(int which) {
        nodes.get(which).resume();
        awaitWhole();
    }

    public long pid(int which) {
        return nodes.get(which).pid();
    }

    /** Until each node reaches all three. */
    private void awaitWhole() {
        nodes.forEach(CassandraNode::awaitReady);
        try (var session = CqlSession.builder()
                .addContactPoints(
                        nodes.stream().map(node -> node.place().address()).toList())
                .withLocalDatacenter(CassandraNode.DATA_CENTER)
                .build()) {
            Awaitility.await()
                    .atMost(WHOLE_MAX.toMillis(), TimeUnit.MILLISECONDS)
                    .until(() -> isWhole(session));
        }
    }

    private static boolean isWhole(CqlSession session) {
        var known = session.getMetadata().getNodes().values();
        if (known.size() < HOSTS.size()) {
            return false;
        }
        try {
            for (var node : known) {
                session.execute(SimpleStatement.builder(LOOK)
                        .setConsistencyLevel(ConsistencyLevel.ALL)
                        .setNode(node)
                        .setTimeout(LOOK_LIMIT)
                        .build());
            }
            return true;
        } catch (DriverException notYet) {
            return false;
        }
    }

    @Override
    public void close() {
        nodes.forEach(CassandraNode::close);
    }
}
