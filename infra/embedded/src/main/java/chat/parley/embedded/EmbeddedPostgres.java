package chat.parley.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real PostgreSQL server of our own on the loopback address, durable (fsync on), with one superuser and one database, both
 * named {@code parley}. Safe for use by many threads; stopped by {@link #close()} or with the JVM, however that ends.
 */
public final class EmbeddedPostgres implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPostgres.class);
    private static final String NAME = "parley";
    private static final String HOST = "127.0.0.1";

    /** Recovery after a crash reads at most max_wal_size of log; also a slow disk does that in this time. */
    private static final Duration START_MAX = Duration.ofMinutes(3);

    private static final Duration POLL = Duration.ofMillis(10);

    /** Fast shutdown: open transactions are rolled back, then a checkpoint is written. */
    private static final String POLITELY = "INT";

    /** The longest part of a fast shutdown is the checkpoint; a longer one is repeated as recovery. */
    private static final Duration STOP_MAX = Duration.ofSeconds(10);

    /** postmaster.pid: the eighth line tells the server's state, as pg_ctl reads it. */
    private static final int STATE_LINE = 7;

    private final Path home;
    private final ServerFolder folder;
    private final ServerAccount account;
    private final String password;
    private int port;
    private ServerProcess process;

    private EmbeddedPostgres(Path home, ServerFolder folder, ServerAccount account, int port) throws IOException {
        this.home = home;
        this.folder = folder;
        this.account = account;
        Leftovers.end(this::isOurs, POLITELY);
        folder.rotateLog(account);
        if (Files.exists(pgdata()) && !folder.hasPassword()) {
            throw new EmbeddedServerException("The file " + folder.passwordFile()
                    + " is missing, which holds the password of the PostgreSQL database beside it; restore it.");
        }
        this.password = folder.password(account);
        if (Files.notExists(pgdata())) initialize();
        this.port = port;
        this.process = launchOnSomePort();
    }

    /** As {@link #start(Path, int)} on a free port. */
    public static EmbeddedPostgres start(Path folder) {
        return start(folder, Ports.ANY);
    }

    /**
     * Starts the server of a data folder and returns when it takes connections; the folder is made where it is missing. A server
     * left behind on the folder by an earlier run is ended first.
     *
     * @throws EmbeddedServerException with a sentence that says what is wrong
     */
    public static EmbeddedPostgres start(Path folder, int port) {
        var home = Binaries.postgres();
        var locked = ServerFolder.open(folder);
        try {
            return new EmbeddedPostgres(home, locked, ServerAccount.of(locked.path(), home), port);
        } catch (IOException e) {
            locked.close();
            throw new EmbeddedServerException("PostgreSQL could not be started in " + folder + ": " + e, e);
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

    public String user() {
        return NAME;
    }

    public String password() {
        return password;
    }

    /** JDBC address of the database {@code parley}, without the password. */
    public String jdbcUrl() {
        return jdbcUrl(NAME);
    }

    public String jdbcUrl(String database) {
        return "jdbc:postgresql://" + HOST + ":" + port() + "/" + database;
    }

    /** Process id of the server's first process, the postmaster. */
    public synchronized long pid() {
        return process.pid();
    }

    public synchronized boolean isAlive() {
        return process.isAlive();
    }

    /** {@code kill -9} of the postmaster; its children notice and end by themselves. For tests. */
    public synchronized void kill() {
        process.kill();
    }

    /** Stops every process of the server where it stands (SIGSTOP), as a stalled machine would. For tests. */
    public synchronized void pause() {
        Leftovers.signal(this::isOurs, "STOP");
    }

    /** Lets a paused server go on. */
    public synchronized void resume() {
        Leftovers.signal(this::isOurs, "CONT");
    }

    /** Starts again on the same port, also after {@link #kill()}. */
    public synchronized void restart() {
        stop();
        try {
            process = launch();
        } catch (IOException e) {
            throw new EmbeddedServerException("PostgreSQL could not be started again: " + e, e);
        }
    }

    @Override
    public synchronized void close() {
        stop();
        folder.close();
    }

    private void stop() {
        resume();
        process.stop(POLITELY, STOP_MAX);
        Leftovers.end(this::isOurs, "KILL"); // the children of a killed postmaster
    }

    private Path pgdata() {
        return folder.resolve("pgdata");
    }

    /** Makes the cluster beside its place and moves it there when it is whole, so a start cut short is simply repeated. */
    private void initialize() throws IOException {
        LOG.info("Creating the database cluster {}", pgdata());
        var fresh = folder.resolve("pgdata.new");
        Folders.deleteRecursively(fresh);
        // C.UTF-8 of PostgreSQL itself: any Unicode, the same order everywhere, and no locale of the system needed.
        run(List.of(
                bin("initdb"),
                "-D",
                fresh.toString(),
                "--username=" + NAME,
                "--pwfile=" + folder.passwordFile(),
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions"));
        var script = "echo 'CREATE DATABASE " + NAME + "' | \"$0\" --single -D \"$1\" postgres";
        run(List.of("sh", "-c", script, bin("postgres"), fresh.toString()));
        Files.move(fresh, pgdata(), StandardCopyOption.ATOMIC_MOVE);
    }

    private void run(List<String> program) throws IOException {
        var exitCode = ServerProcess.start(account.command("KILL", program), folder.path(), folder.log())
                .exitCode();
        if (exitCode != 0) throw notStarted(program.getFirst() + " ended with exit code " + exitCode);
    }

    private String bin(String program) {
        return home.resolve("bin").resolve(program).toString();
    }

    private ServerProcess launchOnSomePort() throws IOException {
        if (port != Ports.ANY) return launch();
        for (int attempt = 1; ; attempt++) {
            port = Ports.free();
            try {
                return launch();
            } catch (EmbeddedServerException e) {
                if (attempt == Ports.ATTEMPTS) throw e;
                LOG.debug("PostgreSQL did not start on port {}; trying another one", port, e);
            }
        }
    }

    private ServerProcess launch() throws IOException {
        Ports.requireFree(port, "PostgreSQL");
        var command = new ArrayList<>(List.of(bin("postgres"), "-D", pgdata().toString()));
        for (var setting : PostgresSettings.of(port, clusterName())) command.addAll(List.of("-c", setting));
        var started = ServerProcess.start(account.command(POLITELY, command), folder.path(), folder.log());
        try {
            awaitReady(started);
            return started;
        } catch (RuntimeException | IOException e) {
            started.stop(POLITELY, STOP_MAX);
            throw e;
        }
    }

    private void awaitReady(ServerProcess started) throws IOException {
        for (long polls = START_MAX.dividedBy(POLL); polls > 0; polls--) {
            if (started.awaitExit(POLL)) throw notStarted("PostgreSQL ended while it was starting");
            if (isReady(started.pid())) return;
        }
        throw notStarted("PostgreSQL was not ready within " + START_MAX);
    }

    private boolean isReady(long pid) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(pgdata().resolve("postmaster.pid"));
        } catch (NoSuchFileException e) {
            return false; // not written yet, or a killed server's file was removed as we looked
        }
        return lines.size() > STATE_LINE
                && lines.getFirst().equals(Long.toString(pid))
                && lines.get(STATE_LINE).strip().equals("ready");
    }

    private EmbeddedServerException notStarted(String what) throws IOException {
        return new EmbeddedServerException(what + ". The last lines of " + folder.log() + ":\n" + folder.lastLines());
    }

    /** Stands in the title of each process of this server, so that they can be told from those of another folder. */
    private String clusterName() {
        var checksum = new CRC32();
        checksum.update(pgdata().toString().getBytes(StandardCharsets.UTF_8));
        return NAME + "-" + HexFormat.of().toHexDigits((int) checksum.getValue());
    }

    private boolean isOurs(List<String> commandLine) {
        if (commandLine.isEmpty()) return false;
        if (commandLine.getFirst().startsWith("postgres: " + clusterName() + ":")) return true;
        return commandLine.contains(pgdata().toString())
                && commandLine.stream().anyMatch(a -> a.endsWith("/bin/postgres"));
    }
}
