package chat.parley.systemtests.groups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.redis.RedisKeys;
import chat.parley.systemtests.groups.GroupWorld.Node;
import chat.parley.systemtests.groups.GroupWorld.Person;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Protocol.Command;

@Timeout(120)
class LargeGroupTest extends LargeGroupScene {
    private Node two;

    @BeforeEach
    void another() throws Exception {
        two = world.node();
    }

    @Test
    void a_message_is_told_once_and_without_an_id_to_the_members_of_all_nodes() throws Exception {
        var group = ann.group(bob, cid, dee);
        try (var atOne = bob.listen(node, null);
                var atTwo = cid.listen(two, null)) {
            long seq = ann.say(group, "hello");
            atOne.awaitSeq(group, seq);
            atTwo.awaitSeq(group, seq);
            assertNull(atOne.of(group, "message.created").getFirst().id());
            assertEquals(
                    atOne.of(group, "message.created").getFirst().data(),
                    atTwo.of(group, "message.created").getFirst().data());
            ann.edit(group, seq, "hello all");
            Awaitility.await().until(() -> !atOne.of(group, "message.edited").isEmpty());
        }
        try (var jedis = REDIS.jedis()) {
            assertEquals(2, jedis.xlen(RedisKeys.group(ConversationId.parse(group))));
            for (var person : List.of(ann, bob, cid, dee)) {
                assertEquals(1, jedis.xlen(RedisKeys.stream(UserId.parse(person.id))), "only the creation");
            }
        }
        Awaitility.await("nobody listens").until(() -> node.groups() + two.groups() == 0);
    }

    @Test
    void nobody_misses_anything_while_a_group_becomes_large() throws Exception {
        for (int round = 0; round < 5; round++) {
            var group = ann.group(bob, cid);
            try (var atOne = bob.listen(node, null);
                    var atTwo = cid.listen(two, null);
                    var newcomer = dee.listen(two, null)) {
                var flowing = flow(ann, group);
                atOne.awaitSeq(group, 5);
                ann.add(group, dee);
                long joined = world.joinedSeq(group, dee);
                atOne.awaitSeq(group, joined + 20);
                long last = flowing.end();
                atOne.assertWhole(group, 1, last);
                atTwo.assertWhole(group, 1, last);
                newcomer.assertWhole(group, joined, last);
                assertTrue(newcomer.seqs(group).stream().allMatch(seq -> seq >= joined));
                var seqs = atOne.seqs(group);
                assertEquals(seqs.size(), new HashSet<>(seqs).size(), () -> "each once: " + seqs);
            }
        }
    }

    @Test
    void who_comes_gets_all_from_the_joining_on_and_who_leaves_nothing_after_it() throws Exception {
        var group = ann.group(bob, cid, dee);
        var flowing = flow(ann, group);
        try (var stays = bob.listen(node, null)) {
            for (int round = 0; round < 8; round++) {
                var eve = world.person();
                var listened = round % 2 == 0 ? node : two;
                try (var comes = eve.listen(listened, null)) {
                    ann.add(group, eve);
                    long joined = seqOf("joined_seq", group, eve);
                    comes.awaitSeq(group, joined + 5);
                    ann.remove(group, eve);
                    long left = seqOf("left_seq", group, eve);
                    comes.await("member.left");
                    stays.awaitSeq(group, left + 10);
                    assertEquals(
                            List.of(),
                            comes.seqs(group).stream().filter(seq -> seq > left).toList());
                    comes.assertWhole(group, joined, comes.seqs(group).getLast());
                }
            }
            long last = flowing.end();
            stays.awaitSeq(group, last);
        }
    }

    @Test
    void a_client_that_comes_back_is_told_what_it_missed_also_without_the_stream_of_the_group() throws Exception {
        var group = ann.group(bob, cid, dee);
        String cursor;
        long before;
        try (var first = bob.listen(node, null)) {
            before = ann.say(group, "one");
            first.awaitSeq(group, before);
            cursor = first.lastEventId();
        }
        for (int i = 0; i < 30; i++) {
            cid.say(group, "while away " + i);
        }
        ann.edit(group, before, "node, edited");
        try (var exact = bob.listen(two, cursor)) {
            exact.assertWhole(group, before + 1, before + 30);
            assertFalse(exact.of(group, "message.created").isEmpty());
        }
        try (var jedis = REDIS.jedis()) {
            jedis.del(RedisKeys.group(ConversationId.parse(group)));
        }
        try (var fromHistory = bob.listen(node, cursor)) {
            fromHistory.assertWhole(group, before + 1, before + 30);
        }
        REDIS.flushAll();
        try (var rebuilt = bob.listen(two, cursor)) {
            rebuilt.assertWhole(group, before + 1, before + 30);
            long next = cid.say(group, "after all");
            rebuilt.awaitSeq(group, next);
        }
    }

    @Test
    void frames_that_were_lost_are_read_from_the_stream() throws Exception {
        var group = ann.group(bob, cid, dee);
        try (var listening = bob.listen(node, null)) {
            var flowing = flow(ann, group);
            for (int cut = 1; cut <= 4; cut++) {
                listening.awaitSeq(group, cut * 10L);
                try (var jedis = REDIS.jedis()) {
                    jedis.sendCommand(Command.CLIENT, "KILL", "TYPE", "PUBSUB");
                }
            }
            listening.awaitSeq(group, 60);
            long last = flowing.end();
            listening.assertWhole(group, 1, last);
        }
    }

    @Test
    void a_stream_of_the_group_that_was_lost_under_live_clients_makes_them_read_history() throws Exception {
        var group = ann.group(bob, cid, dee);
        try (var listening = bob.listen(node, null)) {
            listening.awaitSeq(group, ann.say(group, "before"));
            try (var jedis = REDIS.jedis()) {
                jedis.del(RedisKeys.group(ConversationId.parse(group)));
            }
            listening.awaitSeq(group, ann.say(group, "after"));
            listening.awaitSeq(group, ann.say(group, "and on"));
        }
        assertTrue(
                node.meters.registry().get("parley.stream.groups.cut").counter().count() >= 1);
    }

    @Test
    void a_lost_notice_is_mended_within_half_a_minute() throws Exception {
        var group = ann.group(bob, cid, dee);
        var eve = world.person();
        try (var joins = eve.listen(node, null);
                var leaves = bob.listen(node, null)) {
            world.sql("""
                    INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, changed_at)
                    SELECT id, %d, 'member', now(), last_seq + 1, now() FROM conversation WHERE id = %d
                    """.formatted(
                    UserId.parse(eve.id).value(), ConversationId.parse(group).value()));
            world.sql("UPDATE member SET left_at = now(), left_seq = 0 WHERE conversation_id = %d AND user_id = %d"
                    .formatted(
                            ConversationId.parse(group).value(),
                            UserId.parse(bob.id).value()));
            long first = ann.say(group, "nobody told eve");
            Awaitility.await("eve is told")
                    .atMost(Duration.ofSeconds(35))
                    .until(() -> joins.seqs(group).contains(first));
            joins.awaitSeq(group, ann.say(group, "and from now on"));
            Awaitility.await("bob is told no more")
                    .atMost(Duration.ofSeconds(35))
                    .until(() -> {
                        long seq = ann.say(group, "is bob here?");
                        joins.awaitSeq(group, seq);
                        return !leaves.seqs(group).contains(seq);
                    });
        }
    }

    @Test
    void a_poll_is_told_each_event_once() throws Exception {
        var group = ann.group(bob, cid, dee);
        String cursor = bob.poll(node, null, 0).at("/last_event_id").asText();
        long first = ann.say(group, "one");
        var answer = bob.poll(two, cursor, 0);
        assertEquals(first, answer.at("/items/0/data/seq").asLong());
        cursor = answer.at("/last_event_id").asText();
        var again = bob.poll(node, cursor, 0);
        assertEquals(0, again.at("/items").size());
        cursor = again.at("/last_event_id").asText();
        var waiting = cursor;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var pending = threads.submit(() -> bob.poll(two, waiting, 20));
            Awaitility.await("the poll waits").until(() -> two.groups() == 1);
            long second = cid.say(group, "two");
            assertEquals(second, pending.get().at("/items/0/data/seq").asLong());
            cursor = pending.get().at("/last_event_id").asText();
        }
        assertEquals(0, bob.poll(node, cursor, 0).at("/items").size());
        try (var stream = bob.listen(node, cursor)) { // a poll's cursor is one of a stream too
            stream.awaitSeq(group, ann.say(group, "three"));
        }
    }

    @Test
    void a_newcomer_hears_nothing_of_what_was_said_before() throws Exception {
        var group = ann.group(bob, cid, dee);
        long old = ann.say(group, "before");
        var eve = world.person();
        ann.add(group, eve);
        try (var listening = eve.listen(node, null);
                var knows = bob.listen(node, null)) {
            ann.edit(group, old, "before, edited");
            Awaitility.await().until(() -> !knows.of(group, "message.edited").isEmpty());
            listening.awaitSeq(group, ann.say(group, "after"));
            assertEquals(List.of(), listening.of(group, "message.edited"));
        }
    }

    @Test
    void what_was_not_published_is_told_by_the_relay() throws Exception {
        var group = ann.group(bob, cid, dee);
        try (var listening = bob.listen(node, null)) {
            long seq = ann.say(group, "hello", Map.of("mentions", List.of(bob.id)));
            listening.awaitSeq(group, seq);
            try (var jedis = REDIS.jedis()) {
                jedis.del(RedisKeys.group(ConversationId.parse(group)));
            }
            long id = ConversationId.parse(group).value();
            world.sql("UPDATE member SET joined_at = joined_at - interval '1 minute' WHERE conversation_id = " + id);
            world.sql("""
                    INSERT INTO outbox (conversation_id, kind, subject, actor_id, created_at)
                    SELECT %1$d, kind, CASE WHEN kind = 1 THEN %2$d ELSE 0 END, %3$d, now() - interval '5 seconds'
                    FROM unnest(ARRAY[1, 3]) AS kind
                    """.formatted(id, seq, UserId.parse(ann.id).value()));
            Awaitility.await("the message is in the stream of the group again")
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> groupEntries(group) == 1);
            // One without an id may come before: the group's stream was lost, so history tells what changed lately.
            Awaitility.await("told by name")
                    .atMost(Duration.ofSeconds(20))
                    .until(() ->
                            listening.of(group, "conversation.updated").stream().anyMatch(event -> event.id() != null));
        }
    }

    @Test
    void what_was_committed_before_the_group_became_large_is_told_by_name_by_the_relay() throws Exception {
        var group = ann.group(bob, cid);
        long seq = ann.say(group, "while redis was away");
        ann.add(group, dee);
        long id = ConversationId.parse(group).value();
        assertTrue(seqOf("joined_seq", group, dee) > seq, "dee is told nothing");
        try (var jedis = REDIS.jedis()) {
            jedis.del(RedisKeys.stream(UserId.parse(bob.id)), RedisKeys.stream(UserId.parse(dee.id)));
            world.sql("""
                    INSERT INTO outbox (conversation_id, kind, subject, actor_id, created_at)
                    VALUES (%d, 1, %d, %d, now() - interval '5 seconds')
                    """.formatted(id, seq, UserId.parse(ann.id).value()));
            Awaitility.await("in bob's own stream, as no other tells him")
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> jedis.xlen(RedisKeys.stream(UserId.parse(bob.id))) == 1);
            assertEquals(0, jedis.xlen(RedisKeys.stream(UserId.parse(dee.id))));
        }
    }

    @Test
    void a_change_of_the_group_is_told_once_and_its_end_to_everyone() throws Exception {
        var group = ann.group(bob, cid, dee);
        try (var atOne = bob.listen(node, null);
                var atTwo = cid.listen(two, null)) {
            ann.rename(group, "another name");
            atOne.await("conversation.updated");
            atTwo.await("conversation.updated");
            assertNull(atOne.of(group, "conversation.updated").getFirst().id());
            ann.delete(group);
            atOne.await("member.left");
            atTwo.await("member.left");
            assertEquals(1, atOne.of(group, "member.left").size());
        }
        assertEquals(
                0,
                world.number("SELECT count(*) FROM large_member WHERE conversation_id = "
                        + ConversationId.parse(group).value()));
    }

    private static long groupEntries(String group) {
        try (var jedis = REDIS.jedis()) {
            return jedis.xlen(RedisKeys.group(ConversationId.parse(group)));
        }
    }

    @Test
    void only_those_mentioned_are_woken() throws Exception {
        var group = ann.group(bob, cid, dee);
        for (var each : List.of(bob, cid, dee)) {
            each.call("PUT", "/v1/devices/phone", Map.of("vendor", "fcm", "token", "token:" + each.id), 201);
        }
        try (var connected = dee.listen(node, null)) {
            long seq = ann.say(group, "look", Map.of("mentions", List.of(bob.id, dee.id)));
            connected.awaitSeq(group, seq);
            Awaitility.await().until(() -> jobs(group).size() == 1);
            assertTrue(
                    jobs(group)
                            .getFirst()
                            .contains(Long.toString(UserId.parse(bob.id).value())),
                    jobs(group)::toString);
            ann.say(group, "just so");
            connected.awaitSeq(group, seq + 1);
            assertTrue(jobs(group).size() <= 1, jobs(group)::toString);
        }
    }

    @Test
    void the_cursor_moves_by_an_id_of_its_own() throws Exception {
        var group = ann.group(bob, cid, dee);
        try (var listening = bob.listen(node, null, "?heartbeat=10")) {
            var before = listening.lastEventId();
            listening.awaitSeq(group, ann.say(group, "hello"));
            Awaitility.await("an id")
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> !String.valueOf(before).equals(listening.lastEventId()));
            assertNotEquals(before, listening.lastEventId());
        }
    }

    @Test
    void who_was_removed_can_send_no_more_and_the_others_can_while_people_come() throws Exception {
        var group = ann.group(bob, cid, dee);
        ann.remove(group, bob);
        var refused = assertThrows(AssertionError.class, () -> bob.say(group, "still here"));
        assertTrue(String.valueOf(refused.getMessage()).contains("404"));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var stop = new AtomicBoolean();
            Future<?> joining = threads.submit(() -> {
                while (!stop.get()) {
                    ann.add(group, world.person());
                }
                return null;
            });
            for (int i = 0; i < 100; i++) {
                cid.say(group, "message " + i);
            }
            stop.set(true);
            joining.get();
        }
    }

    /** Of this group: those of the tests before are offered again, as Redis was emptied. */
    private static List<String> jobs(String group) {
        var conversation = Long.toString(ConversationId.parse(group).value());
        try (var jedis = REDIS.jedis()) {
            return jedis.zrange(RedisKeys.PUSH_JOBS, 0, -1).stream()
                    .filter(job -> job.contains(conversation))
                    .toList();
        }
    }

    private long seqOf(String column, String group, Person person) throws Exception {
        return world.number("SELECT " + column + " FROM member WHERE conversation_id = "
                + ConversationId.parse(group).value() + " AND user_id = "
                + UserId.parse(person.id).value());
    }

    /** Someone who sends without a pause. */
    record Flowing(AtomicBoolean stop, Future<Long> last) {
        /** Ends it, and answers the last seq. */
        long end() throws Exception {
            stop.set(true);
            return last.get();
        }
    }

    static Flowing flow(Person sender, String group) {
        var stop = new AtomicBoolean();
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        var last = threads.submit(() -> {
            long seq = 0;
            for (int i = 0; !stop.get(); i++) {
                seq = sender.say(group, "message " + i);
            }
            return seq;
        });
        threads.shutdown();
        return new Flowing(stop, last);
    }
}
