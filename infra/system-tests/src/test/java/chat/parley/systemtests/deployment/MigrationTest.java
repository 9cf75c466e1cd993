package chat.parley.systemtests.deployment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.message.PostgresMessageStore;
import chat.parley.ops.Secret;
import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.DriverManager;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The schema moves on while the version before still serves. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class MigrationTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    /** The first that had to keep the rules: before it nobody ran Parley on more than one machine. */
    private static final int FIRST_UNDER_RULES = 13;

    private static final int ROUNDS = 200;
    private static final int PAGE = 200;
    private static final int PROCESSES = 5;
    private static final int CONNECTIONS = 10;

    /** As long as the services wait for a connection, and then for a statement; sends that wait longer are answered 503. */
    private static final Duration WAIT_MAX = Duration.ofSeconds(5);

    private static final Duration PROGRESS_MAX = Duration.ofSeconds(30);

    @Test
    void the_version_before_writes_and_reads_while_the_schema_moves_on() throws Exception {
        try (var postgres = databaseOfTheVersionBefore("migrated");
                var before = new VersionBefore(postgres.dataSource())) {
            awaitRounds(before);
            postgres.migrate();
            awaitRounds(before);
            before.close();
            assertEquals(List.of(), before.failures());
            assertTrue(before.slowest().compareTo(WAIT_MAX) < 0, () -> "somebody waited " + before.slowest());
            var sent = before.sent();
            assertEquals(LongStream.rangeClosed(1, sent.size()).boxed().toList(), List.copyOf(sent.keySet()));
            assertEquals(sent, readByThisVersion(postgres));
        }
    }

    /** Else the test above would find nothing. */
    @Test
    void what_the_version_before_cannot_bear_is_noticed() throws Exception {
        try (var postgres = databaseOfTheVersionBefore("broken");
                var before = new VersionBefore(postgres.dataSource());
                var connection = postgres.dataSource().getConnection();
                var statement = connection.createStatement()) {
            awaitRounds(before);
            statement.execute("ALTER TABLE message RENAME COLUMN details TO particulars");
            Awaitility.await()
                    .atMost(PROGRESS_MAX)
                    .until(() -> !before.failures().isEmpty());
        }
    }

    /** As Compose and Kubernetes start them: all at once. */
    @Test
    void many_processes_may_find_an_empty_database() throws Exception {
        create("emptied");
        try (var processes = Executors.newVirtualThreadPerTaskExecutor()) {
            var starts = IntStream.range(0, PROCESSES)
                    .mapToObj(i -> processes.submit(() -> {
                        try (var postgres = open("emptied")) {
                            postgres.migrate();
                            return readByThisVersion(postgres);
                        }
                    }))
                    .toList();
            for (var start : starts) assertEquals(Map.of(), start.get());
        }
    }

    @Test
    void every_migration_keeps_the_rules() {
        var broken = new ArrayList<String>();
        for (var file : RepositoryFiles.below("shared/src/main/resources/db/postgres", ".sql")) {
            var name = String.valueOf(file.getFileName());
            int version = Integer.parseInt(name.substring(1, name.indexOf("__")));
            if (version < FIRST_UNDER_RULES) continue;
            MigrationRules.broken(RepositoryFiles.text("shared/src/main/resources/db/postgres/" + name))
                    .forEach(why -> broken.add(name + ": " + why));
        }
        assertEquals(List.of(), broken);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE INDEX message_by_x ON message (x)",
                "ALTER TABLE message\n  ADD COLUMN a int,\n  DROP COLUMN b",
                "ALTER TABLE message RENAME COLUMN a TO b",
                "ALTER TABLE message ALTER COLUMN seq TYPE numeric",
                "ALTER TABLE message ALTER COLUMN a SET NOT NULL",
                "ALTER TABLE message ADD CONSTRAINT c CHECK (a > 0)",
                "ALTER TABLE message ADD COLUMN a int NOT NULL",
                "ALTER TABLE message ADD COLUMN a timestamptz DEFAULT clock_timestamp()",
                "DROP TABLE message; -- CREATE TABLE message (",
                "UPDATE member SET read_seq = 0",
                "DELETE FROM outbox",
                "LOCK TABLE message",
                "DROP FUNCTION append_messages(bigint[])",
                "ALTER TABLE conversation ADD COLUMN a int; CREATE TRIGGER t AFTER INSERT ON member EXECUTE FUNCTION f()"
            })
    void what_keeps_others_out_or_breaks_them_is_refused(String statement) {
        assertFalse(MigrationRules.broken(statement).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TABLE a (b int NOT NULL); CREATE INDEX a_by_b ON a (b); UPDATE a SET b = 1; ALTER TABLE a ADD CHECK (b > 0)",
                "CREATE INDEX CONCURRENTLY message_by_x ON message (x)",
                "CREATE TABLE a (b int); ALTER TABLE a ADD c int; ALTER TABLE message ADD COLUMN d int",
                "ALTER TABLE conversation ADD COLUMN a boolean NOT NULL DEFAULT false, ADD COLUMN b int",
                "ALTER TABLE message ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ UPDATE member SET read_seq = 0; DELETE FROM outbox; $$"
            })
    void what_nobody_notices_is_taken(String statement) {
        assertEquals(List.of(), MigrationRules.broken(statement));
    }

    private static Map<Long, String> readByThisVersion(Postgres postgres) {
        var store = new PostgresMessageStore(postgres, null, Clock.systemUTC(), new SimpleMeterRegistry());
        try {
            var read = new TreeMap<Long, String>();
            var conversation = new ConversationId(VersionBefore.conversation());
            for (long after = 0; ; ) {
                var page = store.after(conversation, after, PAGE);
                if (page.isEmpty()) return read;
                for (var message : page) read.put(message.seq(), message.clientMessageId());
                after = page.getLast().seq();
            }
        } finally {
            store.close();
        }
    }

    private static Postgres databaseOfTheVersionBefore(String name) throws Exception {
        create(name);
        var server = POSTGRES.server();
        Flyway.configure()
                .dataSource(server.jdbcUrl(name), server.user(), server.password())
                .locations("classpath:db/postgres")
                .target(VersionBefore.SCHEMA)
                .load()
                .migrate();
        return open(name);
    }

    private static void create(String name) throws Exception {
        var server = POSTGRES.server();
        try (var connection = DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
                var statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        }
    }

    private static Postgres open(String name) {
        var server = POSTGRES.server();
        return Postgres.open(
                new Postgres.Address(server.jdbcUrl(name), server.user(), new Secret(server.password())), CONNECTIONS);
    }

    private static void awaitRounds(VersionBefore before) {
        long until = before.rounds() + ROUNDS;
        Awaitility.await()
                .atMost(PROGRESS_MAX)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> before.rounds() >= until || !before.failures().isEmpty());
    }
}
