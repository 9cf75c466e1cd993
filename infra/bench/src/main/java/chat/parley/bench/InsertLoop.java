package chat.parley.bench;

import chat.parley.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The floor to compare with: what the same PostgreSQL does when each client only inserts one row after the other, each in a transaction of its
 * own. The row is a message's, with the same primary key and the same unique key, in a table of its own. By JDBC, and by pgbench where that is
 * installed (it is not part of the embedded server).
 */
final class InsertLoop {
    /** @param perSecond rows */
    record Result(int clients, double perSecond, double postgresMicrosEach) {}

    /** PostgreSQL takes 100 connections, most of which the services may hold. More clients than this are no faster on a small machine. */
    static final int CLIENTS_MAX = 40;

    private static final String TABLE = "CREATE TABLE IF NOT EXISTS bench_floor (LIKE message INCLUDING ALL)";

    /** The one row that all lock. */
    private static final String LOCKED_TABLE = """
            CREATE TABLE IF NOT EXISTS bench_hot AS SELECT 1::bigint AS id, 0::bigint AS last_seq
            """;

    private static final String LOCK = "UPDATE bench_hot SET last_seq = last_seq + 1 WHERE id = 1 RETURNING last_seq";

    private static final String INSERT = """
            INSERT INTO bench_floor (conversation_id, seq, sender_id, client_message_id, body_hash, text, created_at)
            VALUES (?, ?, ?, ?, ?, ?, now())
            """;

    /** The same for pgbench, in a line. A client's conversation and the first of its numbers are above those of the JDBC loop. */
    private static final String PGBENCH_SCRIPT = """
            \\set n :n + 1
            INSERT INTO bench_floor (conversation_id, seq, sender_id, client_message_id, body_hash, text, created_at) \
            VALUES (:client_id + 1000000, :n, :client_id, 'bench-' || :n, decode(repeat('ab', 32), 'hex'), '%s', now());
            """.formatted(Stamp.text(0));

    private static final Pattern TPS = Pattern.compile("tps = ([0-9.]+)");

    /** Above the numbers of all clients. */
    private static final long HOT = 2_000_000;

    private static final int HASH_BYTES = 32;
    private static final Duration REAP = Duration.ofMillis(500);

    private final Deployment deployment;
    private final Path folder;
    private long number;

    InsertLoop(Deployment deployment, Path folder) {
        this.deployment = deployment;
        this.folder = folder;
    }

    /** One JDBC connection a client. */
    Result jdbc(int clients, Duration duration)
            throws SQLException, IOException, InterruptedException, ExecutionException {
        return loop(clients, duration, InsertLoop::insertUntil);
    }

    /** What a client does until the end; the rows it inserted. */
    private interface Client {
        long until(long end, Connection connection, int client, long first) throws SQLException;
    }

    private Result loop(int clients, Duration duration, Client body)
            throws SQLException, IOException, InterruptedException, ExecutionException {
        var connections = new ArrayList<Connection>();
        try (var threads = Executors.newFixedThreadPool(clients)) {
            for (int i = 0; i < clients; i++) connections.add(connect());
            try (var statement = connections.getFirst().createStatement()) {
                statement.execute(TABLE);
                statement.execute(LOCKED_TABLE);
            }
            var before = deployment.cpu();
            long end = before.atNanos() + duration.toNanos();
            long first = number += 1_000_000_000; // no row twice in one table
            var loops = new ArrayList<Callable<Long>>();
            for (int i = 0; i < clients; i++) {
                int client = i;
                loops.add(() -> body.until(end, connections.get(client), client, first));
            }
            long rows = 0;
            for (var loop : threads.invokeAll(loops)) rows += loop.get();
            return result(clients, rows, before);
        } finally {
            for (var connection : connections) connection.close();
        }
    }

    /** One transaction a row: it moves a number of a row that all clients share, and inserts a row with it. */
    Result underTheLock(int clients, Duration duration)
            throws SQLException, IOException, InterruptedException, ExecutionException {
        return loop(clients, duration, InsertLoop::lockUntil);
    }

    /** By pgbench, or null where it is not installed. */
    @Nullable
    Result pgbench(int clients, Duration duration) throws IOException, InterruptedException {
        if (!isInstalled("pgbench")) return null;
        var script = Files.writeString(folder.resolve("floor.sql"), PGBENCH_SCRIPT);
        var postgres = deployment.postgres();
        number += 1_000_000_000;
        var command = new ArrayList<>(List.of("pgbench", "--no-vacuum", "--protocol=prepared"));
        command.addAll(List.of("--file=" + script, "--define=n=" + number));
        command.addAll(
                List.of("--client=" + clients, "--jobs=" + Math.min(clients, 2), "--time=" + duration.toSeconds()));
        command.addAll(List.of("-h", postgres.host(), "-p", Integer.toString(postgres.port())));
        command.addAll(List.of("-U", postgres.user(), "parley"));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PGPASSWORD", postgres.password());
        var before = deployment.cpu();
        var process = builder.start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        var tps = TPS.matcher(output);
        if (process.waitFor() != 0 || !tps.find()) throw new BenchException("pgbench failed: " + output);
        Thread.sleep(REAP); // its connections' processes count for the server once it has seen them end
        var perSecond = Double.parseDouble(tps.group(1));
        var rows = perSecond * duration.toSeconds();
        return new Result(clients, perSecond, deployment.cpu().since(before).of(Part.POSTGRES) / rows);
    }

    private Result result(int clients, long rows, CpuSample before) throws IOException {
        var used = deployment.cpu().since(before);
        return new Result(clients, rows / used.seconds(), (double) used.of(Part.POSTGRES) / rows);
    }

    private Connection connect() throws SQLException {
        EmbeddedPostgres postgres = deployment.postgres();
        return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
    }

    private static long insertUntil(long end, Connection connection, int client, long first) throws SQLException {
        var hash = new byte[HASH_BYTES];
        Arrays.fill(hash, (byte) client);
        long rows = 0;
        try (var insert = connection.prepareStatement(INSERT)) {
            for (; System.nanoTime() < end; rows++) insert(insert, client, first + rows, client, hash);
        }
        return rows;
    }

    private static long lockUntil(long end, Connection connection, int client, long first) throws SQLException {
        var hash = new byte[HASH_BYTES];
        long rows = 0;
        connection.setAutoCommit(false);
        try (var lock = connection.prepareStatement(LOCK);
                var insert = connection.prepareStatement(INSERT)) {
            for (; System.nanoTime() < end; rows++) {
                try (var moved = lock.executeQuery()) {
                    moved.next();
                    insert(insert, HOT, first + moved.getLong(1), client, hash);
                }
                connection.commit();
            }
        }
        return rows;
    }

    private static void insert(PreparedStatement insert, long conversation, long seq, long sender, byte[] hash)
            throws SQLException {
        insert.setLong(1, conversation);
        insert.setLong(2, seq);
        insert.setLong(3, sender);
        insert.setString(4, "bench-" + seq);
        insert.setBytes(5, hash);
        insert.setString(6, Stamp.text(seq));
        insert.executeUpdate();
    }

    private static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
