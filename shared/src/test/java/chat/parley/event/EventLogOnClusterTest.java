package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.PublishOutcome.Published;
import chat.parley.event.PublishOutcome.ToWake;
import chat.parley.id.UserId;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealRedisCluster;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.util.JedisClusterCRC16;

/** The same over three masters, and what only they have: slots that move, and a tag each. */
class EventLogOnClusterTest extends EventLogTest {
    private static final RealRedisCluster CLUSTER = RealRedisCluster.shared();
    private static final UserId CID = new UserId(0x1234_5678_9acaL);

    @Override
    String uri() {
        return CLUSTER.uri();
    }

    @Override
    void emptyRedis() {
        CLUSTER.flushAll();
    }

    @Override
    void forgetScripts() {
        for (var node : CLUSTER.nodes()) {
            try (var jedis = CLUSTER.jedis(node)) {
                jedis.scriptFlush();
            }
        }
    }

    @BeforeEach
    void startEmpty() {
        CLUSTER.flushAll();
    }

    @Test
    void people_of_all_masters_get_it() {
        var users = LongStream.rangeClosed(1, 60).mapToObj(UserId::new).toList();
        assertEquals(
                3, users.stream().map(log::server).collect(Collectors.toSet()).size());
        assertEquals(users, woken(publish(1, users)));
        for (var user : users) {
            assertEquals(1, log.head(user, log.tag(user)).n());
        }
    }

    @Test
    void a_slot_that_moved_is_found_without_a_failed_publication_and_its_cursors_are_rebuilt() {
        var before = publish(1, List.of(CID)).toWake().getFirst().resumeFrom();
        var from = Objects.requireNonNull(log.server(CID));
        CLUSTER.moveSlot(RedisKeys.stream(CID));
        assertEquals(List.of(CID), woken(publish(2, List.of(CID))));
        assertEquals(2, log.head(CID, log.tag(CID)).n());
        assertNotEquals(from, log.server(CID));
        assertInstanceOf(StreamRead.Broken.class, log.read(CID, before, log.tag(CID), 10));
    }

    @Test
    void while_a_slot_moves_streams_go_on_where_they_are_and_new_ones_begin_where_the_slot_goes() {
        var there = new UserId(0x1234_5678_9bbbL);
        var fresh = inSlotOf(there);
        publish(1, List.of(there));
        var finish = CLUSTER.beginMove(RedisKeys.stream(there));
        // Nobody can tell whether the person has a device in the background, so it is woken.
        assertEquals(List.of(there, fresh), woken(publish(2, List.of(there, fresh))));
        finish.run();
        assertEquals(List.of(there, fresh), woken(publish(3, List.of(there, fresh))));
        assertEquals(3, log.head(there, log.tag(there)).n());
        assertEquals(2, log.head(fresh, log.tag(fresh)).n());
    }

    @Test
    void every_master_has_a_tag_and_the_tag_of_all_changes_with_any() {
        var users = LongStream.rangeClosed(1, 60).mapToObj(UserId::new).toList();
        var tags = users.stream().map(log::tag).collect(Collectors.toSet());
        assertEquals(3, tags.size());
        var all = log.tag();
        assertEquals(tags, Set.of(all.split(",")));
        assertTrue(users.stream().allMatch(log.keptSince(all)));
        var lost = users.getFirst();
        try (var jedis = CLUSTER.jedis(CLUSTER.master(RedisKeys.stream(lost)))) {
            jedis.flushAll();
        }
        assertNotEquals(all, log.tag());
        assertEquals(
                users.stream()
                        .filter(user -> Objects.equals(log.server(user), log.server(lost)))
                        .toList(),
                users.stream().filter(log.keptSince(all).negate()).toList());
    }

    private Published publish(long seq, List<UserId> users) {
        return assertInstanceOf(
                Published.class,
                log.publish(List.of(Publication.first(message(seq, "m" + seq), users)))
                        .getFirst());
    }

    private static List<UserId> woken(Published published) {
        return published.toWake().stream().map(ToWake::user).toList();
    }

    private static UserId inSlotOf(UserId other) {
        int slot = slot(other);
        return LongStream.iterate(other.value() + 1, id -> id + 1)
                .mapToObj(UserId::new)
                .filter(user -> slot(user) == slot)
                .findFirst()
                .orElseThrow();
    }

    private static int slot(UserId user) {
        return JedisClusterCRC16.getSlot(RedisKeys.stream(user).getBytes(ISO_8859_1));
    }
}
