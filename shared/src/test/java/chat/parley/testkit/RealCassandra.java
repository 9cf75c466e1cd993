package chat.parley.testkit;

import chat.parley.cassandra.Cassandra;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * A real Cassandra node, a process of its own on JDK 17, with ports and a folder of its own on the loopback address; it ends with the JVM. It needs a JDK 17 (named by
 * {@code JAVA_17_HOME}, else looked for under /usr/lib/jvm), without which tests are left out on a developer's machine and fail in CI; and the jars of {@code cassandra-all},
 * whose class path stands in the file that the system property {@code parley.cassandra.classpath} names.
 */
public final class RealCassandra implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    private static final String DATA_CENTER = "datacenter1";
    private static final Duration START_MAX = Duration.ofMinutes(3);
    private static final AtomicInteger KEYSPACES = new AtomicInteger();

    /** The parent-death signal follows the thread that started the server, so this one lives as long as the JVM. */
    private static final ExecutorService KEEPER = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("cassandra-keeper").factory());

    /** What Cassandra's own {@code jvm17-server.options} open to it. */
    private static final List<String> OPENED = List.of(
            "java.lang.module",
            "jdk.internal.loader",
            "jdk.internal.ref",
            "jdk.internal.reflect",
            "jdk.internal.math",
            "jdk.internal.misc",
            "jdk.internal.module",
            "jdk.internal.util.jar",
            "sun.nio.ch",
            "java.io",
            "java.nio",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
            "java.util",
            "java.lang");

    private static final class Shared {
        static final RealCassandra NODE = started();

        private static RealCassandra started() {
            var node = start();
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(node::close));
            return node;
        }
    }

    private final Path folder;
    private final int storagePort;
    private final int port;
    private Process process;

    private RealCassandra(Path folder, int storagePort, int port) throws IOException {
        this.folder = folder;
        this.storagePort = storagePort;
        this.port = port;
        Files.writeString(folder.resolve("cassandra.yaml"), settings());
        this.process = launch();
    }

    /** The node of this JVM: never kill it. */
    public static RealCassandra shared() {
        java17(); // in the initializer of a class a test could not be left out any more
        return Shared.NODE;
    }

    /** A node of the test's own, to be killed and restarted; close it afterwards. */
    public static RealCassandra start() {
        try {
            var node = new RealCassandra(TestServers.temporaryFolder("cassandra"), freePort(), freePort());
            node.awaitReady();
            return node;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A keyspace that no other test has; made when it is opened. */
    public Cassandra.Address freshKeyspace() {
        return new Cassandra.Address(
                List.of(new InetSocketAddress(InetAddress.ofLiteral(HOST), port)),
                DATA_CENTER,
                "parley_test_" + KEYSPACES.incrementAndGet(),
                1,
                null,
                null);
    }

    public synchronized long pid() {
        return process.pid();
    }

    /** {@code kill -9}. */
    public synchronized void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** Starts it again on its data and its ports. */
    public synchronized void restart() {
        try {
            process = launch();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        awaitReady();
    }

    @Override
    public synchronized void close() {
        kill();
        TestServers.delete(folder);
    }

    private Process launch() throws IOException {
        var command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", java17().toString()));
        for (var opened : OPENED) {
            command.add("--add-opens=java.base/" + opened + "=ALL-UNNAMED");
        }
        command.addAll(List.of(
                "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
                "--add-exports=java.management.rmi/com.sun.jmx.remote.internal.rmi=ALL-UNNAMED",
                "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
                "--add-exports=java.rmi/sun.rmi.server=ALL-UNNAMED",
                "-Xms256m",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dcassandra.config=" + folder.resolve("cassandra.yaml").toUri(),
                "-Dcassandra.storagedir=" + folder,
                "-Dcassandra.ring_delay_ms=2000",
                "-Dcassandra.skip_wait_for_gossip_to_settle=0",
                "-Dcassandra-foreground=yes",
                "-cp",
                classPath(),
                "org.apache.cassandra.service.CassandraDaemon"));
        var builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
        try {
            return KEEPER.submit(builder::start).get();
        } catch (ExecutionException e) {
            throw new IOException("Cassandra could not be started", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while Cassandra was started", e);
        }
    }

    private void awaitReady() {
        Awaitility.await()
                .atMost(START_MAX.toMillis(), TimeUnit.MILLISECONDS)
                .failFast("Cassandra ended; its log is " + log(), () -> !process.isAlive())
                .until(this::answers);
    }

    private boolean answers() {
        try (var socket = new Socket(InetAddress.ofLiteral(HOST), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    private Path log() {
        return folder.resolve("server.log");
    }

    private String settings() {
        return """
                cluster_name: parley
                num_tokens: 1
                partitioner: org.apache.cassandra.dht.Murmur3Partitioner
                listen_address: %1$s
                rpc_address: %1$s
                storage_port: %2$d
                native_transport_port: %3$d
                endpoint_snitch: SimpleSnitch
                seed_provider:
                  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
                    parameters:
                      - seeds: "%1$s:%2$d"
                data_file_directories: [%4$s/data]
                commitlog_directory: %4$s/commitlog
                saved_caches_directory: %4$s/caches
                hints_directory: %4$s/hints
                cdc_raw_directory: %4$s/cdc
                # A write is answered when it is on the disk: all that came in meanwhile shares one flush.
                commitlog_sync: group
                commitlog_sync_group_window: 1ms
                commitlog_segment_size: 32MiB
                memtable_heap_space: 64MiB
                memtable_offheap_space: 64MiB
                paxos_variant: v2
                auto_snapshot: false
                """.formatted(HOST, storagePort, port, folder);
    }

    private static Path java17() {
        var named = System.getenv("JAVA_17_HOME");
        if (named != null && !named.isBlank()) {
            return Path.of(named, "bin", "java");
        }
        var installed = Path.of("/usr/lib/jvm");
        if (Files.isDirectory(installed)) {
            try (var found = Files.newDirectoryStream(installed, "*17*")) {
                for (var home : found) {
                    if (Files.isExecutable(home.resolve("bin/java"))) {
                        return home.resolve("bin/java");
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        var sentence = "Cassandra 5.0 runs on JDK 17, and none is under /usr/lib/jvm: install one (Debian:"
                + " openjdk-17-jre-headless), or name its home in JAVA_17_HOME.";
        return System.getenv("CI") == null ? Assumptions.abort(sentence) : Assertions.fail(sentence);
    }

    private static String classPath() throws IOException {
        var file = System.getProperty("parley.cassandra.classpath");
        if (file == null) {
            throw new IOException("the system property parley.cassandra.classpath names no file with the class path of"
                    + " cassandra-all; the Maven build sets it (see infra/cassandra-server)");
        }
        return Files.readString(Path.of(file)).strip();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral(HOST))) {
            return socket.getLocalPort();
        }
    }
}
