package chat.parley.testkit;

import chat.parley.cassandra.Cassandra;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * A real Cassandra node, a process of its own on JDK 17, with ports and a folder of its own on the loopback address; it ends with the JVM. It needs a JDK 17 (named by
 * {@code JAVA_17_HOME}, else looked for under /usr/lib/jvm), without which tests are left out on a developer's machine and fail in CI; and the jars of {@code cassandra-all},
 * whose class path stands in the file that the system property {@code parley.cassandra.classpath} names.
 */
public final class RealCassandra implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    private static final AtomicInteger KEYSPACES = new AtomicInteger();

    private static final class Shared {
        static final RealCassandra NODE = started();

        private static RealCassandra started() {
            var node = start();
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(node::close));
            return node;
        }
    }

    private final CassandraNode node;

    private RealCassandra(CassandraNode node) {
        this.node = node;
    }

    /** The node of this JVM: never kill it. */
    public static RealCassandra shared() {
        needJava17();
        return Shared.NODE;
    }

    /** A node of the test's own, to be killed and restarted; close it afterwards. */
    public static RealCassandra start() {
        needJava17();
        return start(CassandraNode.SMALL);
    }

    /** One to be measured, with a heap and a compiler of common size. Outside of tests, too. */
    public static RealCassandra startFast() {
        return start(CassandraNode.FAST);
    }

    private static RealCassandra start(List<String> size) {
        try {
            var hosts = List.of(HOST);
            var place = new CassandraNode.Place(
                    HOST, CassandraNode.freePort(hosts), CassandraNode.freePort(hosts), hosts, null);
            var node = new CassandraNode(place, size);
            node.awaitReady();
            return new RealCassandra(node);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Not in the initializer of a class, where a test could not be left out any more. */
    static void needJava17() {
        if (CassandraNode.java17().isEmpty()) {
            if (System.getenv("CI") == null) {
                Assumptions.abort(CassandraNode.JAVA_17_MISSING);
            }
            Assertions.fail(CassandraNode.JAVA_17_MISSING);
        }
    }

    /** A keyspace that no other test has; made when it is opened. */
    public Cassandra.Address freshKeyspace() {
        return new Cassandra.Address(
                List.of(node.place().address()), CassandraNode.DATA_CENTER, nextKeyspace(), 1, null, null, false);
    }

    /** What tells a process of ours to keep messages in it. */
    public Map<String, String> settings() {
        return Map.of(
                "PARLEY_MESSAGES", "cassandra",
                "PARLEY_CASSANDRA_CONTACTS", HOST + ":" + node.place().port(),
                "PARLEY_CASSANDRA_REPLICAS", "1");
    }

    static String nextKeyspace() {
        return "parley_test_" + KEYSPACES.incrementAndGet();
    }

    public long pid() {
        return node.pid();
    }

    /** {@code kill -9}. */
    public void kill() {
        node.kill();
    }

    /** Starts it again on its data and its ports. */
    public void restart() {
        node.startAgain();
        node.awaitReady();
    }

    @Override
    public void close() {
        node.close();
    }
}
