package chat.parley.systemtests.groups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.systemtests.groups.GroupWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What one message costs does not depend on how many members a large group has: counted, with the real parts. */
@Timeout(180)
class GroupCostTest {
    private static final int SMALLEST = 300;
    private static final int LARGEST = 100_000;
    private static final int MESSAGES = 20;
    private static final Pattern CALLS = Pattern.compile("cmdstat_([a-z|]+):calls=(\\d+)");

    /** What a message is told by; polls, checks and the like run by the clock. */
    private static final List<String> TOLD_BY =
            List.of("xadd", "spublish", "evalsha", "xrevrange", "xrange", "exists", "zadd");

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private GroupWorld world;

    @BeforeEach
    void start() {
        world = new GroupWorld(POSTGRES, REDIS.uri(), 256);
    }

    @AfterEach
    void stop() throws Exception {
        world.close();
    }

    /** Of one message, on the average of some. */
    private record Cost(
            Map<String, Long> redisCommands, long redisBytes, long rowsRead, long rowsWritten, long frameBytes) {}

    @Test
    void a_message_costs_the_same_in_a_group_of_300_and_of_100_000() throws Exception {
        var ann = world.person();
        var bob = world.person();
        var small = large(ann, bob, SMALLEST);
        var big = large(ann, bob, LARGEST);
        var node = world.node();
        try (var listening = bob.listen(node, null)) {
            cost(ann, small, listening); // statements are prepared, and caches are warm
            var ofSmall = cost(ann, small, listening);
            var ofBig = cost(ann, big, listening);
            System.out.println("a message in a group of " + SMALLEST + ":  " + ofSmall);
            System.out.println("a message in a group of " + LARGEST + ": " + ofBig);
            assertEquals(ofSmall.redisCommands, ofBig.redisCommands);
            assertEquals(ofSmall.frameBytes, ofBig.frameBytes);
            assertTrue(ofBig.redisBytes <= ofSmall.redisBytes + 100, "bytes to and from Redis");
            assertTrue(ofBig.rowsWritten <= ofSmall.rowsWritten + 2, "rows written");
            // The pages of an index are more levels deep, its rows are not more.
            assertTrue(ofBig.rowsRead <= ofSmall.rowsRead + 10, "rows read");
        }
    }

    /** A group that the two made, with so many members put into the table by one statement. */
    private String large(Person owner, Person other, int members) throws Exception {
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

    private Cost cost(Person sender, String group, Listening listening) throws Exception {
        // Counts of the sessions that wait in the pools are told within a second.
        listening.awaitSeq(group, sender.say(group, "warm"));
        settle();
        var commands = commands();
        long bytes = bytes();
        long read = rows("seq_tup_read + idx_tup_fetch");
        long written = rows("n_tup_ins + n_tup_upd");
        long last = 0;
        for (int i = 0; i < MESSAGES; i++) {
            last = sender.say(group, "the same text " + (10 + i));
        }
        listening.awaitSeq(group, last);
        long moved = bytes() - bytes;
        var ran = commands();
        settle();
        var each = new TreeMap<String, Long>();
        for (var command : TOLD_BY) {
            long calls = ran.getOrDefault(command, 0L) - commands.getOrDefault(command, 0L);
            each.put(command, Math.round((double) calls / MESSAGES));
        }
        var frames = new ArrayList<>(listening.of(group, "message.created"));
        long frame = frames.getLast().data().length() - String.valueOf(last).length() * 2L;
        return new Cost(
                each,
                moved / MESSAGES,
                (rows("seq_tup_read + idx_tup_fetch") - read) / MESSAGES,
                (rows("n_tup_ins + n_tup_upd") - written) / MESSAGES,
                frame);
    }

    /** PostgreSQL tells what a session did when it is idle for a moment; asking on one of them makes it tell. */
    private void settle() throws Exception {
        for (int i = 0; i < 3; i++) {
            Awaitility.await().pollDelay(Duration.ofMillis(700)).until(() -> true);
            world.number("SELECT 1 FROM (SELECT pg_stat_force_next_flush()) AS flushed");
        }
    }

    /** Of the tables whose rows grow with the members. */
    private long rows(String counters) throws Exception {
        return world.number(
                "SELECT sum(%s)::bigint FROM pg_stat_user_tables WHERE relname IN ('member', 'large_member')"
                        .formatted(counters));
    }

    private static Map<String, Long> commands() {
        var calls = new TreeMap<String, Long>();
        try (var jedis = REDIS.jedis()) {
            var match = CALLS.matcher(jedis.info("commandstats"));
            while (match.find()) {
                calls.put(match.group(1), Long.parseLong(match.group(2)));
            }
        }
        return calls;
    }

    private static long bytes() {
        try (var jedis = REDIS.jedis()) {
            long sum = 0;
            for (var line : jedis.info("stats").lines().toList()) {
                if (line.startsWith("total_net_input_bytes:")) {
                    sum += Long.parseLong(line.substring(line.indexOf(':') + 1).strip());
                }
            }
            return sum;
        }
    }
}
