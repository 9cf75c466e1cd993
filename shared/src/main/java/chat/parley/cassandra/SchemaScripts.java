package chat.parley.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Applies the scripts under {@code db/cassandra}, each once, in their order. Two nodes that make one table at the same moment give it two ids, and the ring is broken until
 * somebody repairs it by hand: so one process at a time, under a lock that is a row, and the two tables the lock needs have ids that follow from their names.
 */
final class SchemaScripts {
    /** In the order in which they are applied. Never edit one that was released. */
    private static final List<String> SCRIPTS = List.of("V1__messages.cql");

    /** A process that died holding the lock gives it up then; no script takes as long. */
    private static final int LOCK_SECONDS = 60;

    private static final long POLL_MILLIS = 200;
    private static final Duration LOCK_WAIT = Duration.ofSeconds(2L * LOCK_SECONDS);

    /** Changes of the schema wait for all nodes. */
    private static final Duration STATEMENT_LIMIT = Duration.ofSeconds(20);

    private final CqlSession session;
    private final String keyspace;
    private final UUID holder = UUID.randomUUID();

    private SchemaScripts(CqlSession session, String keyspace) {
        this.session = session;
        this.keyspace = keyspace;
    }

    static void apply(CqlSession session, String keyspace, String dataCenter, int replicas) {
        new SchemaScripts(session, keyspace).run(dataCenter, replicas);
    }

    private void run(String dataCenter, int replicas) {
        // An operator who made the keyspace with other options keeps them.
        schema("CREATE KEYSPACE IF NOT EXISTS %s WITH replication = {'class': 'NetworkTopologyStrategy', '%s': %d}"
                .formatted(keyspace, dataCenter.replace("'", "''"), replicas));
        // With given ids, so that making a table twice makes the same one.
        schema("""
                CREATE TABLE IF NOT EXISTS %s.schema_lock (one int PRIMARY KEY, holder uuid)
                WITH ID = %s""".formatted(keyspace, tableId("schema_lock")));
        schema("""
                CREATE TABLE IF NOT EXISTS %s.schema_version (one int, version text, PRIMARY KEY (one, version))
                WITH ID = %s""".formatted(keyspace, tableId("schema_version")));
        if (missing().isEmpty()) {
            return;
        }
        lock();
        try {
            for (var script : missing()) {
                for (var statement : read(script).split(";", -1)) {
                    if (!statement.isBlank()) {
                        schema(statement.replace("${keyspace}", keyspace));
                    }
                }
                execute("INSERT INTO %s.schema_version (one, version) VALUES (1, ?)".formatted(keyspace), script);
            }
        } finally {
            execute("DELETE FROM %s.schema_lock WHERE one = 1 IF holder = ?".formatted(keyspace), holder);
        }
    }

    /** Ids are unique in a ring, which may have several keyspaces of ours. */
    private UUID tableId(String table) {
        return UUID.nameUUIDFromBytes((keyspace + "." + table).getBytes(StandardCharsets.UTF_8));
    }

    private List<String> missing() {
        var applied = new HashSet<String>();
        session.execute("SELECT version FROM %s.schema_version WHERE one = 1".formatted(keyspace))
                .forEach(row -> applied.add(row.getString("version")));
        return SCRIPTS.stream().filter(script -> !applied.contains(script)).toList();
    }

    private void lock() {
        long end = System.nanoTime() + LOCK_WAIT.toNanos();
        String take = "INSERT INTO %s.schema_lock (one, holder) VALUES (1, ?) IF NOT EXISTS USING TTL %d"
                .formatted(keyspace, LOCK_SECONDS);
        while (!session.execute(SimpleStatement.newInstance(take, holder)).wasApplied()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("another process has been changing the schema for " + LOCK_WAIT);
            }
            try {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting for the schema's lock", e);
            }
        }
    }

    private void schema(String cql) {
        session.execute(SimpleStatement.builder(cql).setTimeout(STATEMENT_LIMIT).build());
    }

    private void execute(String cql, Object value) {
        session.execute(SimpleStatement.newInstance(cql, value));
    }

    private static String read(String script) {
        try (var in = SchemaScripts.class.getResourceAsStream("/db/cassandra/" + script)) {
            if (in == null) {
                throw new IllegalStateException("db/cassandra/" + script + " is missing from the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).replaceAll("(?m)--.*$", "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
