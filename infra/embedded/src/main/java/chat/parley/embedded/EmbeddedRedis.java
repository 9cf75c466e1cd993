package chat.parley.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real Redis server of our own on the loopback address, with a password. Safe for use by many threads; stopped by
 * {@link #close()} or with the JVM, however that ends.
 */
public final class EmbeddedRedis implements AutoCloseable {
    /** What a restart keeps. */
    public enum Persistence {
        /** The append-only file, flushed every second: {@code kill -9} loses nothing, a power cut about a second. */
        APPEND_ONLY_FILE,
        /** Nothing; every start is an empty one. */
        NONE
    }

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedRedis.class);
    private static final String HOST = "127.0.0.1";

    /** Loading a large append-only file is the longest part. */
    private static final Duration START_MAX = Duration.ofMinutes(2);

    private static final Duration POLL = Duration.ofMillis(10);
    private static final Duration CLUSTER_NODE_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration PING_MAX = Duration.ofSeconds(1);
    private static final String POLITELY = "TERM";
    private static final Duration STOP_MAX = Duration.ofSeconds(5);

    private final Path program;
    private final ServerFolder folder;
    private final ServerAccount account;
    private final Persistence persistence;
    private final String password;
    private final int busPort;
    private int port;
    private ServerProcess process;

    private EmbeddedRedis(
            Path program, ServerFolder folder, int port, Persistence persistence, @Nullable String clusterPassword)
            throws IOException {
        this.program = program;
        this.folder = folder;
        this.account = ServerAccount.of(folder.path(), program);
        this.persistence = persistence;
        this.port = port;
        Leftovers.end(this::isOurs, POLITELY);
        folder.rotateLog(account);
        this.password = clusterPassword == null ? folder.password(account) : clusterPassword;
        this.busPort = clusterPassword == null ? 0 : Ports.free();
        this.process = launchOnSomePort();
    }

    /** As {@link #start(Path, int, Persistence)} on a free port with the append-only file. */
    public static EmbeddedRedis start(Path folder) {
        return start(folder, Ports.ANY, Persistence.APPEND_ONLY_FILE);
    }

    /**
     * Starts the server of a data folder and returns when it answers; the folder is made where it is missing. A server left behind
     * on the folder by an earlier run is ended first.
     *
     * @param port 0 for a free one
     * @throws EmbeddedServerException with a sentence that says what is wrong
     */
    public static EmbeddedRedis start(Path folder, int port, Persistence persistence) {
        return start(folder, port, persistence, null);
    }

    /**
     * Starts a server that is to become a node of a cluster; whoever starts the nodes makes the cluster of them. For tests.
     *
     * @param password the same for all nodes
     */
    public static EmbeddedRedis startClusterNode(Path folder, Persistence persistence, String password) {
        return start(folder, Ports.ANY, persistence, password);
    }

    private static EmbeddedRedis start(
            Path folder, int port, Persistence persistence, @Nullable String clusterPassword) {
        var program = Binaries.redisServer();
        var locked = ServerFolder.open(folder);
        try {
            return new EmbeddedRedis(program, locked, port, persistence, clusterPassword);
        } catch (IOException e) {
            locked.close();
            throw new EmbeddedServerException("Redis could not be started in " + folder + ": " + e, e);
        } catch (RuntimeException e) {
            locked.close();
            throw e;
        }
    }

    public String host() {
        return HOST;
    }

    public synchronized int port() {
        return port;
    }

    /** Where other nodes of a cluster reach this one; 0 without a cluster. */
    public int busPort() {
        return busPort;
    }

    public String password() {
        return password;
    }

    /** Address with the password inside, as clients take it; so never write it to a log. */
    public String uri() {
        return "redis://:" + password + "@" + HOST + ":" + port();
    }

    public synchronized long pid() {
        return process.pid();
    }

    public synchronized boolean isAlive() {
        return process.isAlive();
    }

    /** {@code kill -9}. For tests. */
    public synchronized void kill() {
        process.kill();
    }

    /** Stops it where it stands (SIGSTOP), as a stalled machine would: connections stay open, nobody answers. For tests. */
    public synchronized void pause() {
        process.signal("STOP");
    }

    /** Lets a paused server go on. */
    public synchronized void resume() {
        process.signal("CONT");
    }

    /** Starts again on the same port, also after {@link #kill()}. */
    public synchronized void restart() {
        process.stop(POLITELY, STOP_MAX);
        try {
            process = launch();
        } catch (IOException e) {
            throw new EmbeddedServerException("Redis could not be started again: " + e, e);
        }
    }

    @Override
    public synchronized void close() {
        process.stop(POLITELY, STOP_MAX);
        folder.close();
    }

    private ServerProcess launchOnSomePort() throws IOException {
        if (port != Ports.ANY) return launch();
        for (int attempt = 1; ; attempt++) {
            port = Ports.free();
            try {
                return launch();
            } catch (EmbeddedServerException e) {
                if (attempt == Ports.ATTEMPTS) throw e;
                LOG.debug("Redis did not start on port {}; trying another one", port, e);
            }
        }
    }

    private ServerProcess launch() throws IOException {
        Ports.requireFree(port, "Redis");
        folder.writePrivately(configuration(), settings(), account);
        var command = List.of(program.toString(), configuration().toString());
        var started = ServerProcess.start(account.command(POLITELY, command), folder.path(), folder.log());
        try {
            awaitReady(started);
            return started;
        } catch (RuntimeException | IOException e) {
            started.stop(POLITELY, STOP_MAX);
            throw e;
        }
    }

    private Path configuration() {
        return folder.resolve("redis.conf");
    }

    private String settings() {
        return alone() + (busPort == 0 ? "" : inCluster());
    }

    private String inCluster() {
        return """
                cluster-enabled yes
                cluster-port %d
                # Shorter than in production: tests wait for a failover.
                cluster-node-timeout %d
                # One lost master costs its own keys, not everyone's.
                cluster-require-full-coverage no
                cluster-allow-replica-migration no
                repl-diskless-sync-delay 0
                masterauth %s
                """.formatted(busPort, CLUSTER_NODE_TIMEOUT.toMillis(), password);
    }

    private String alone() {
        // In a file, not on the command line: everyone may read command lines.
        return """
                # Written by Parley at each start.
                bind 127.0.0.1
                port %d
                requirepass %s
                # Three services hold some dozens of connections.
                maxclients 1000
                dir %s
                appendonly %s
                appendfsync everysec
                # The append-only file is the only copy; a snapshot beside it would be read by nobody.
                save ""
                # Evicting would delete streams silently.
                maxmemory-policy noeviction
                # A quiet user's stream takes 1.7 KB instead of the 4.7 KB of the default.
                stream-node-max-bytes 1024
                # Slow commands are kept with their arguments, which contain what people wrote.
                slowlog-log-slower-than -1
                # A left-over server is recognized by its command line.
                set-proc-title no
                daemonize no
                logfile ""
                """.formatted(
                port, password, quoted(folder.path()), persistence == Persistence.APPEND_ONLY_FILE ? "yes" : "no");
    }

    private static String quoted(Path path) {
        return '"' + path.toString().replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private void awaitReady(ServerProcess started) throws IOException {
        for (long polls = START_MAX.dividedBy(POLL); polls > 0; polls--) {
            if (started.awaitExit(POLL)) throw notStarted("Redis ended while it was starting");
            if (answersPing()) return;
        }
        throw notStarted("Redis was not ready within " + START_MAX);
    }

    /** Only true of our own server: another one on the port does not know the password. */
    private boolean answersPing() {
        try (var socket = new Socket()) {
            socket.setSoTimeout((int) PING_MAX.toMillis());
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral(HOST), port), (int) PING_MAX.toMillis());
            socket.getOutputStream().write(("AUTH " + password + "\r\nPING\r\n").getBytes(StandardCharsets.US_ASCII));
            var expected = "+OK\r\n+PONG\r\n".getBytes(StandardCharsets.US_ASCII);
            var answer = socket.getInputStream().readNBytes(expected.length);
            return Arrays.equals(answer, expected);
        } catch (IOException notYet) {
            return false;
        }
    }

    private EmbeddedServerException notStarted(String what) throws IOException {
        return new EmbeddedServerException(what + ". The last lines of " + folder.log() + ":\n" + folder.lastLines());
    }

    private boolean isOurs(List<String> commandLine) {
        return commandLine.contains(configuration().toString());
    }
}
