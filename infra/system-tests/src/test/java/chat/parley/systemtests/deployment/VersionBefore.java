package chat.parley.systemtests.deployment;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;

/**
 * What the services said to PostgreSQL when the schema was at version 12, word for word where it matters: sending, reading, marking, joining and
 * leaving, told by threads that never stop. These texts stay as they are, whatever the services say today.
 */
final class VersionBefore implements AutoCloseable {
    /** The schema that these statements know. */
    static final String SCHEMA = "12";

    private static final long CONVERSATION = 1_000;
    private static final List<Long> PEOPLE = List.of(1L, 2L, 3L);

    private static final String GROUP = """
            INSERT INTO conversation (id, type, name, created_by, created_at, updated_at, changed_at, last_at, member_count)
            VALUES (%d, 'group', 'Before', 1, now(), now(), now(), date_trunc('milliseconds', now()), 3)
            """.formatted(CONVERSATION);

    private static final String READ = """
            SELECT m.conversation_id, m.seq, m.sender_id, m.client_message_id, m.text, m.created_at,
                m.details, m.version, m.reactions, m.edited_at, m.deleted_at, m.changed_at
            FROM message m WHERE conversation_id = %d AND seq < 9000000 ORDER BY seq DESC LIMIT 50
            """.formatted(CONVERSATION);

    private static final String MARK = """
            UPDATE member SET read_seq = greatest(read_seq, c.last_seq), delivered_seq = greatest(delivered_seq, c.last_seq),
                marks_changed_at = greatest(marks_changed_at, now())
            FROM conversation c WHERE c.id = conversation_id AND conversation_id = %d AND user_id = 1 AND left_at IS NULL
            """.formatted(CONVERSATION);

    private static final int STORED = 1;

    private final DataSource source;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final List<Thread> threads;
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final Map<Long, String> sent = new TreeMap<>();
    private final AtomicInteger keys = new AtomicInteger();
    private final AtomicLong rounds = new AtomicLong();
    private final AtomicLong slowestNanos = new AtomicLong();

    private interface Work {
        void round(Connection connection) throws SQLException;
    }

    /** Makes its people and their group, and begins. */
    VersionBefore(DataSource source) throws SQLException {
        this.source = source;
        try (var connection = source.getConnection()) {
            for (long person : PEOPLE) run(connection, person(person));
            run(connection, GROUP);
            for (long person : PEOPLE) run(connection, member(person));
        }
        threads = List.of(
                start(connection -> send(connection, 1)),
                start(connection -> send(connection, 2)),
                start(connection -> run(connection, READ)),
                start(connection -> run(connection, MARK)),
                start(VersionBefore::comeAndGo));
    }

    /** How often something was done, over all threads. */
    long rounds() {
        return rounds.get();
    }

    /** What PostgreSQL refused. */
    List<String> failures() {
        return List.copyOf(failures);
    }

    /** The longest that one of them waited for PostgreSQL. */
    Duration slowest() {
        return Duration.ofNanos(slowestNanos.get());
    }

    /** The keys of what was stored, by seq. */
    Map<Long, String> sent() {
        synchronized (sent) {
            return new TreeMap<>(sent);
        }
    }

    static long conversation() {
        return CONVERSATION;
    }

    @Override
    public void close() throws InterruptedException {
        stop.countDown();
        for (var thread : threads) thread.join();
    }

    private Thread start(Work work) {
        return Thread.ofVirtual().start(() -> {
            while (stop.getCount() > 0 && failures.isEmpty()) {
                long began = System.nanoTime();
                try (var connection = source.getConnection()) {
                    work.round(connection);
                } catch (SQLException e) {
                    failures.add(String.valueOf(e.getMessage()));
                }
                slowestNanos.accumulateAndGet(System.nanoTime() - began, Math::max);
                rounds.incrementAndGet();
            }
        });
    }

    private void send(Connection connection, long sender) throws SQLException {
        var key = "key-" + keys.incrementAndGet();
        long outboxRow;
        try (var statement = connection.createStatement();
                var stored = statement.executeQuery(send(sender, key))) {
            stored.next();
            if (stored.getInt("outcome") != STORED) throw new SQLException("outcome " + stored.getInt("outcome"));
            outboxRow = stored.getLong("outbox_id");
            synchronized (sent) {
                sent.put(stored.getLong("seq"), key);
            }
        }
        run(connection, "DELETE FROM outbox WHERE id = " + outboxRow);
    }

    private static void comeAndGo(Connection connection) throws SQLException {
        run(connection, leave(3));
        run(connection, member(3));
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String person(long id) {
        return """
            INSERT INTO users (id, username, display_name, search_name, created_at) VALUES (%1$d, 'u%1$d', 'U', 'u', now())
            """.formatted(id);
    }

    private static String member(long person) {
        return """
            INSERT INTO member AS m (conversation_id, user_id, role, joined_at, joined_seq, read_seq, delivered_seq, changed_at)
            SELECT %1$d, %2$d, 'member', now(), last_seq + 1, last_seq, last_seq, now() FROM conversation WHERE id = %1$d
            ON CONFLICT (conversation_id, user_id) DO UPDATE
            SET role = excluded.role, joined_at = excluded.joined_at, joined_seq = excluded.joined_seq,
                read_seq = excluded.read_seq, delivered_seq = excluded.delivered_seq,
                changed_at = excluded.changed_at, left_at = NULL, left_seq = NULL
            """.formatted(CONVERSATION, person);
    }

    private static String leave(long person) {
        return """
            UPDATE member SET left_at = now(), left_seq = (SELECT last_seq FROM conversation WHERE id = %1$d), changed_at = now()
            WHERE conversation_id = %1$d AND user_id = %2$d AND left_at IS NULL
            """.formatted(CONVERSATION, person);
    }

    private static String send(long sender, String key) {
        return """
            SELECT draft, outcome, seq, created_at, outbox_id FROM append_messages(
                ARRAY[%1$d::bigint], ARRAY[(SELECT members_version FROM conversation WHERE id = %1$d)], ARRAY[%2$d::bigint],
                ARRAY['%3$s'], ARRAY['\\x00'::bytea], ARRAY['text'], ARRAY[NULL::text], date_trunc('milliseconds', now()))
            """.formatted(CONVERSATION, sender, key);
    }
}
