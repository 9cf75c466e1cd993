package chat.parley.systemtests.groups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.systemtests.groups.CountingRelay.Passed;
import chat.parley.systemtests.groups.GroupWorld.Person;
import chat.parley.testkit.RealCassandra;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.io.IOException;
import java.net.URI;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;

/**
 * What one message costs does not depend on how many members a large group has: counted on the way between the real services and the real servers. Of some messages the least of each
 * count is taken: the services also ask by the clock, which costs one message more than another, and what a message needs is in all of them.
 */
@Timeout(180)
class GroupCostTest {
    private static final int SMALLEST = 300;
    private static final int LARGEST = 100_000;
    private static final int MESSAGES = 20;
    private static final int WARM_UP = 6;

    /** A number that has grown by some digits: of a conversation, of a version, of a row. */
    private static final int DIGITS = 16;

    private static final Duration QUIET = Duration.ofMillis(40);
    private static final Pattern CALLS = Pattern.compile("cmdstat_([a-z|]+):calls=(\\d+)");

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private final List<AutoCloseable> opened = new ArrayList<>();
    private CountingRelay toPostgres;
    private CountingRelay toRedis;
    private @Nullable CountingRelay toCassandra;
    private final Map<String, String> settings = new HashMap<>();
    private Jedis redis;

    /**
     * Of one message.
     *
     * @param memberRows of all messages together
     */
    private record Cost(
            Map<String, Long> redisCommands,
            long redisBytes,
            Passed sql,
            Passed cql,
            long frameBytes,
            long memberRows) {
        static Cost least(Collection<Cost> costs) {
            return new Cost(
                    leastCounts(costs.stream().map(Cost::redisCommands).toList()),
                    costs.stream().mapToLong(Cost::redisBytes).min().orElseThrow(),
                    leastPassed(costs.stream().map(Cost::sql).toList()),
                    leastPassed(costs.stream().map(Cost::cql).toList()),
                    costs.stream().mapToLong(Cost::frameBytes).min().orElseThrow(),
                    0);
        }

        String inBrief() {
            return "Redis " + redisCommands + ", " + redisBytes + " bytes; SQL "
                    + sql.requests().values() + ", " + sql.bytes() + " bytes; CQL "
                    + cql.requests() + ", " + cql.bytes() + " bytes; to a client " + frameBytes;
        }

        Cost withMemberRows(long rows) {
            return new Cost(redisCommands, redisBytes, sql, cql, frameBytes, rows);
        }

        private static Passed leastPassed(Collection<Passed> all) {
            return new Passed(
                    leastCounts(all.stream().map(Passed::requests).toList()),
                    all.stream().mapToLong(Passed::bytes).min().orElseThrow());
        }

        private static Map<String, Long> leastCounts(Collection<Map<String, Long>> all) {
            var least = new TreeMap<>(all.iterator().next());
            for (var each : all) {
                least.keySet().retainAll(each.keySet());
                least.replaceAll((what, count) -> Math.min(count, each.getOrDefault(what, count)));
            }
            return least;
        }
    }

    @BeforeEach
    void relay() throws IOException {
        var address = URI.create(POSTGRES.jdbcUrl().substring("jdbc:".length()));
        toPostgres = opened(new CountingRelay(address.getHost(), address.getPort(), Languages::postgres));
        toRedis = opened(new CountingRelay(REDIS.host(), REDIS.port(), CountingRelay::asItComes));
        redis = opened(REDIS.jedis());
        settings.put("PARLEY_POSTGRES_URL", "jdbc:postgresql://127.0.0.1:" + toPostgres.port() + address.getPath());
    }

    private void keepMessagesInCassandra() throws IOException {
        var keyspace = RealCassandra.shared().freshKeyspace();
        var contact = keyspace.contacts().getFirst();
        toCassandra = opened(new CountingRelay(contact.getHostString(), contact.getPort(), Languages::cql));
        settings.putAll(RealCassandra.shared().settings());
        settings.put("PARLEY_CASSANDRA_CONTACTS", "127.0.0.1:" + toCassandra.port());
        settings.put("PARLEY_CASSANDRA_KEYSPACE", keyspace.keyspace());
    }

    private GroupWorld world() {
        var uri = "redis://:" + REDIS.password() + "@127.0.0.1:" + toRedis.port();
        return new GroupWorld(POSTGRES, uri, 256, settings);
    }

    private <T extends AutoCloseable> T opened(T resource) {
        opened.addFirst(resource);
        return resource;
    }

    @AfterEach
    void stop() throws Exception {
        for (var resource : opened) {
            resource.close();
        }
    }

    @Test
    void a_message_costs_the_same_in_a_group_of_300_and_of_100_000() throws Exception {
        var cost = assertSameCost();
        assertEquals(1, statements(cost, "append_drafts"), "it is stored by one");
        assertEquals(0, cost.cql.bytes());
    }

    @Test
    void a_message_costs_the_same_with_messages_in_cassandra() throws Exception {
        keepMessagesInCassandra();
        var cost = assertSameCost();
        assertEquals(Map.of("BATCH", 1L), cost.cql.requests());
        assertEquals(0, statements(cost, "append_drafts"));
    }

    private static void assertNear(long expected, long actual, long most, String what) {
        assertTrue(Math.abs(expected - actual) <= most, () -> what + ": " + expected + " and " + actual);
    }

    private static long statements(Cost cost, String word) {
        return cost.sql.requests().entrySet().stream()
                .filter(each -> each.getKey().contains(word))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    private Cost assertSameCost() throws Exception {
        Person ann;
        Person bob;
        String small;
        String big;
        try (var world = world()) {
            ann = world.person();
            bob = world.person();
            small = large(world, ann, bob, SMALLEST);
            big = large(world, ann, bob, LARGEST);
        }
        var ofSmall = cost(ann, bob, small);
        var ofBig = cost(ann, bob, big);
        System.out.println("a message in a group of " + SMALLEST + ":  " + ofSmall.inBrief());
        System.out.println("a message in a group of " + LARGEST + ": " + ofBig.inBrief());
        assertEquals(ofSmall.redisCommands, ofBig.redisCommands);
        assertEquals(1, ofBig.redisCommands.get("evalsha"), "it is told by one script");
        assertEquals(ofSmall.sql.requests(), ofBig.sql.requests());
        assertEquals(ofSmall.cql.requests(), ofBig.cql.requests());
        assertNear(ofSmall.redisBytes, ofBig.redisBytes, DIGITS, "bytes to and from Redis");
        assertNear(ofSmall.sql.bytes(), ofBig.sql.bytes(), DIGITS, "bytes to and from PostgreSQL");
        assertNear(ofSmall.cql.bytes(), ofBig.cql.bytes(), DIGITS, "bytes to and from Cassandra");
        assertNear(ofSmall.frameBytes, ofBig.frameBytes, DIGITS, "bytes to a client");
        // What is looked at by the clock is a row now and then.
        assertTrue(ofBig.memberRows >= MESSAGES, "the sender's row is read for each message");
        assertNear(ofSmall.memberRows, ofBig.memberRows, MESSAGES / 2, "rows of members read and written");
        return ofBig;
    }

    /** A group that the two made, with so many members put into the table by one statement. */
    private String large(GroupWorld world, Person owner, Person other, int members) throws Exception {
        var group = owner.group(other);
        long id = ConversationId.parse(group).value();
        world.sql("""
                INSERT INTO users (id, username, display_name, search_name, created_at)
                SELECT %1$d + n, 'many%1$d' || n, 'Many', 'many', now() FROM generate_series(1, %2$d) AS n
                ON CONFLICT DO NOTHING
                """.formatted(id, members - 2));
        world.sql("UPDATE conversation SET large = true, member_count = %d WHERE id = %d".formatted(members, id));
        world.sql("""
                INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, changed_at)
                SELECT %1$d, %1$d + n, 'member', now(), 1, now() FROM generate_series(1, %2$d) AS n
                """.formatted(id, members - 2));
        world.sql("""
                INSERT INTO large_member SELECT user_id, conversation_id, 1, 1 FROM member WHERE conversation_id = %d
                ON CONFLICT DO NOTHING
                """.formatted(id));
        world.sql("UPDATE conversation SET members_version = members_version + 1 WHERE id = %d".formatted(id));
        world.sql("ANALYZE member, large_member, conversation");
        assertEquals(members, world.number("SELECT count(*) FROM large_member WHERE conversation_id = " + id));
        return group;
    }

    /** With services of its own: PostgreSQL knows for certain what a session did when it has ended. */
    private Cost cost(Person ann, Person bob, String group) throws Exception {
        long rows = memberRows();
        var costs = new ArrayList<Cost>();
        try (var world = world();
                var listening = world.again(bob).listen(world.node(), null)) {
            var sender = world.again(ann);
            // Connections are opened, and statements prepared at their fifth use.
            for (int i = 0; i < WARM_UP; i++) {
                listening.awaitSeq(group, sender.say(group, "warm"));
            }
            for (int i = 0; i < MESSAGES; i++) {
                awaitQuiet();
                var commands = commands();
                var redisBefore = toRedis.passed();
                var sql = toPostgres.passed();
                var cql = cqlPassed();
                long seq = sender.say(group, "the same text " + (10 + i));
                listening.awaitSeq(group, seq);
                awaitWhatFollows(world, group, seq);
                var frame = listening.of(group, "message.created").getLast().data();
                costs.add(new Cost(
                        since(commands, commands()),
                        toRedis.passed().since(redisBefore).bytes(),
                        toPostgres.passed().since(sql),
                        cqlPassed().since(cql),
                        frame.length() - String.valueOf(seq).length() * 2L,
                        0));
            }
        }
        return Cost.least(costs).withMemberRows(memberRows() - rows);
    }

    private Passed cqlPassed() {
        return toCassandra == null ? new Passed(Map.of(), 0) : toCassandra.passed();
    }

    /** It is told, and then found by its words and remembered no more. */
    private void awaitWhatFollows(GroupWorld world, String group, long seq) {
        long id = ConversationId.parse(group).value();
        Awaitility.await().pollInterval(QUIET).until(() -> world.number("""
                SELECT (SELECT count(*) FROM message_search WHERE conversation_id = %1$d AND seq = %2$d)
                    - (SELECT count(*) FROM outbox WHERE conversation_id = %1$d)
                    - (SELECT count(*) FROM outbox_batch WHERE %1$d = ANY (conversations))
                """.formatted(id, seq)) == 1);
        awaitQuiet();
    }

    /** Until all answers have passed as well. */
    private void awaitQuiet() {
        var last = new ArrayList<Passed>();
        Awaitility.await().pollDelay(Duration.ZERO).pollInterval(QUIET).until(() -> {
            var now = List.of(toRedis.passed(), toPostgres.passed(), cqlPassed());
            boolean isQuiet = now.equals(last);
            last.clear();
            last.addAll(now);
            return isQuiet;
        });
    }

    /** Read and written so far by sessions that have ended, in the tables that grow with the members. */
    private static long memberRows() throws Exception {
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement()) {
            Awaitility.await("sessions end").until(() -> number(statement, """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
                    """) == 0);
            return number(statement, """
                    SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd)::bigint
                    FROM pg_stat_user_tables WHERE relname IN ('member', 'large_member')
                    """);
        }
    }

    private static long number(Statement statement, String query) throws SQLException {
        try (var rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static Map<String, Long> since(Map<String, Long> before, Map<String, Long> now) {
        return new Passed(now, 0).since(new Passed(before, 0)).requests();
    }

    /** Those of scripts too; without what this class asks. */
    private Map<String, Long> commands() {
        var calls = new TreeMap<String, Long>();
        var match = CALLS.matcher(redis.info("commandstats"));
        while (match.find()) {
            calls.put(match.group(1), Long.parseLong(match.group(2)));
        }
        calls.remove("info");
        return calls;
    }
}
