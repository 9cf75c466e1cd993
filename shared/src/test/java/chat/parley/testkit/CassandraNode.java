package chat.parley.testkit;

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
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A Cassandra server as a process of its own on JDK 17, with a folder of its own; it ends with the JVM. */
final class CassandraNode implements AutoCloseable {
    static final String DATA_CENTER = "datacenter1";
    static final String JAVA_17_MISSING =
            "Cassandra 5.0 runs on JDK 17, and none is under /usr/lib/jvm: install one (Debian:"
                    + " openjdk-17-jre-headless), or name its home in JAVA_17_HOME.";
    private static final Duration START_MAX = Duration.ofMinutes(3);
    private static final long POLL_MILLIS = 100;

    /** The parent-death signal follows the thread that started the server, so this one lives as long as the JVM. */
    private static final ExecutorService KEEPER = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("cassandra-keeper").factory());

    /** Starts soon, and takes 600 MB. */
    static final List<String> SMALL = List.of("-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    /** To be measured. */
    static final List<String> FAST = List.of("-Xms1g", "-Xmx1g", "-XX:+UseG1GC");

    /** Without a file of its own it writes all there is to say, which costs as much as the work. */
    private static final String LOGGING = """
            <configuration>
              <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
                <encoder><pattern>%d{HH:mm:ss.SSS} %-5level [%thread] %logger{0} %msg%n</pattern></encoder>
              </appender>
              <root level="WARN"><appender-ref ref="out"/></root>
            </configuration>
            """;

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

    /**
     * Where a node is.
     *
     * @param storagePort the same for all nodes of a ring, as is {@code port}
     * @param seeds hosts that it looks for others at
     * @param token its place in the ring; null for one that is alone
     */
    record Place(
            String host,
            int storagePort,
            int port,
            List<String> seeds,
            @Nullable Long token) {
        InetSocketAddress address() {
            return new InetSocketAddress(InetAddress.ofLiteral(host), port);
        }
    }

    private final Place place;
    private final List<String> size;
    private final Path folder;
    private Process process;

    /** Started, but perhaps not ready yet: see {@link #awaitReady}. */
    CassandraNode(Place place, List<String> size) {
        this.place = place;
        this.size = size;
        this.folder = TestServers.temporaryFolder("cassandra");
        try {
            Files.writeString(folder.resolve("cassandra.yaml"), settings());
            Files.writeString(folder.resolve("logback.xml"), LOGGING);
            this.process = launch();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Place place() {
        return place;
    }

    synchronized long pid() {
        return process.pid();
    }

    /** {@code kill -9}. */
    synchronized void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** Stands still with all its connections open, as a machine does that swaps or waits for its disk. */
    void pause() {
        signal("-STOP");
    }

    /** After {@link #pause}. */
    void resume() {
        signal("-CONT");
    }

    private void signal(String signal) {
        try {
            int status = new ProcessBuilder("kill", signal, Long.toString(pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new IllegalStateException("kill " + signal + " ended with " + status);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** On its data and its ports, after {@link #kill}. */
    synchronized void startAgain() {
        try {
            process = launch();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void close() {
        kill();
        TestServers.delete(folder);
    }

    private Process launch() throws IOException {
        var java = java17().orElseThrow(() -> new IllegalStateException(JAVA_17_MISSING));
        var command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", java.toString()));
        for (var opened : OPENED) {
            command.add("--add-opens=java.base/" + opened + "=ALL-UNNAMED");
        }
        command.addAll(size);
        command.addAll(List.of(
                "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
                "--add-exports=java.management.rmi/com.sun.jmx.remote.internal.rmi=ALL-UNNAMED",
                "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
                "--add-exports=java.rmi/sun.rmi.server=ALL-UNNAMED",
                "-Dcassandra.config=" + folder.resolve("cassandra.yaml").toUri(),
                "-Dcassandra.storagedir=" + folder,
                "-Dlogback.configurationFile=" + folder.resolve("logback.xml"),
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

    /** Until it takes connections of clients. */
    synchronized void awaitReady() {
        long end = System.nanoTime() + START_MAX.toNanos();
        try {
            while (!isOpen()) {
                if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                    throw new IllegalStateException("Cassandra ended; its log is " + log());
                }
                if (System.nanoTime() > end) {
                    throw new IllegalStateException("Cassandra is not ready after " + START_MAX + ": " + log());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while Cassandra started", e);
        }
    }

    private boolean isOpen() {
        try (var socket = new Socket(InetAddress.ofLiteral(place.host), place.port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    private Path log() {
        return folder.resolve("server.log");
    }

    private String settings() {
        var seeds =
                place.seeds.stream().map(host -> host + ":" + place.storagePort).toList();
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
                      - seeds: "%5$s"
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
                """.formatted(place.host, place.storagePort, place.port, folder, String.join(",", seeds))
                // All nodes of a new ring may start at once: none has anything to give to the others yet.
                + (place.token == null ? "" : "initial_token: %d\nauto_bootstrap: false\n".formatted(place.token));
    }

    /** A JDK 17's java: the one that {@code JAVA_17_HOME} names, else one under /usr/lib/jvm. */
    static Optional<Path> java17() {
        var named = System.getenv("JAVA_17_HOME");
        if (named != null && !named.isBlank()) {
            return Optional.of(Path.of(named, "bin", "java"));
        }
        var installed = Path.of("/usr/lib/jvm");
        if (Files.isDirectory(installed)) {
            try (var found = Files.newDirectoryStream(installed, "*17*")) {
                for (var home : found) {
                    if (Files.isExecutable(home.resolve("bin/java"))) {
                        return Optional.of(home.resolve("bin/java"));
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return Optional.empty();
    }

    private static String classPath() throws IOException {
        var file = System.getProperty("parley.cassandra.classpath");
        if (file == null) {
            throw new IOException("the system property parley.cassandra.classpath names no file with the class path of"
                    + " cassandra-all; the Maven build sets it (see infra/cassandra-server)");
        }
        return Files.readString(Path.of(file)).strip();
    }

    /** A port that is free on all of these hosts. */
    static int freePort(List<String> hosts) throws IOException {
        while (true) {
            try (var first = new ServerSocket(0, 1, InetAddress.ofLiteral(hosts.getFirst()))) {
                int port = first.getLocalPort();
                if (isFree(hosts.subList(1, hosts.size()), port)) {
                    return port;
                }
            }
        }
    }

    private static boolean isFree(List<String> hosts, int port) {
        for (var host : hosts) {
            try (var taken = new ServerSocket(port, 1, InetAddress.ofLiteral(host))) {
                if (!taken.isBound()) {
                    return false;
                }
            } catch (IOException inUse) {
                return false;
            }
        }
        return true;
    }
}
