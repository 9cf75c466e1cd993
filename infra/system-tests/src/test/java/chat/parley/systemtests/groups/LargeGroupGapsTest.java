package chat.parley.systemtests.groups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.redis.RedisKeys;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client missed, and the stream of the group cannot tell. */
@Timeout(120)
class LargeGroupGapsTest extends LargeGroupScene {
    private String group;

    @BeforeEach
    void gather() throws Exception {
        group = ann.group(bob, cid, dee);
    }

    @Test
    void a_poll_is_told_from_history_what_was_trimmed_behind_its_place() throws Exception {
        long first = ann.say(group, "told");
        String cursor = told(bob.poll(node, null, 0), 0);
        long last = first;
        for (int i = 0; i < 6; i++) {
            last = cid.say(group, "while away " + i);
        }
        try (var jedis = REDIS.jedis()) {
            jedis.xtrim(key(group), 2, false);
        }
        var answer = bob.poll(node, cursor, 0);
        assertTrue(seqs(answer).containsAll(range(first + 1, last)), answer::toString);
        assertEquals(List.of(), seqs(bob.poll(node, told(answer), 0)), "and goes on from there");
    }

    @Test
    void a_poll_is_told_from_history_where_the_stream_of_the_group_began_anew() throws Exception {
        ann.say(group, "told");
        String cursor = told(bob.poll(node, null, 0), 0);
        long lost = ann.say(group, "lost");
        try (var jedis = REDIS.jedis()) {
            jedis.del(key(group));
        }
        assertEquals(List.of(lost), newOnes(bob.poll(node, cursor, 0), lost));
        long last = ann.say(group, "after");
        assertEquals(List.of(lost, last), newOnes(bob.poll(node, cursor, 0), lost));
    }

    @Test
    void a_poll_that_missed_more_than_is_told_is_reset() throws Exception {
        String cursor = before(told(bob.poll(node, null, 0), 0));
        ann.say(group, "first");
        world.sql("UPDATE message SET created_at = created_at - interval '30 minutes' WHERE conversation_id = "
                + ConversationId.parse(group).value());
        world.sql("""
                INSERT INTO message (conversation_id, seq, sender_id, client_message_id, body_hash, text, created_at)
                SELECT conversation_id, n, sender_id, 'many' || n, body_hash, text, created_at
                FROM message, generate_series(2, 10002) AS n WHERE conversation_id = %1$d AND seq = 1
                """.formatted(ConversationId.parse(group).value()));
        world.sql(
                "UPDATE conversation SET last_seq = 10002, updated_at = updated_at - interval '30 minutes' WHERE id = "
                        + ConversationId.parse(group).value());
        try (var jedis = REDIS.jedis()) {
            jedis.del(key(group));
        }
        var answer = bob.poll(node, cursor, 0);
        assertEquals("stream.reset", answer.at("/items/0/type").asText(), answer::toString);
        assertEquals(1, answer.at("/items").size());
        assertEquals(0, bob.poll(node, told(answer), 0).at("/items").size(), "from now on");
        long next = ann.say(group, "next");
        assertEquals(List.of(next), seqs(bob.poll(node, told(answer), 0)));
    }

    @Test
    void a_rebuilt_poll_is_told_the_groups_once() throws Exception {
        String cursor = before(told(bob.poll(node, null, 0), 0));
        long first = ann.say(group, "one");
        try (var jedis = REDIS.jedis()) {
            jedis.del(RedisKeys.stream(UserId.parse(bob.id)));
        }
        var rebuilt = bob.poll(node, cursor, 0);
        assertTrue(seqs(rebuilt).contains(first), rebuilt::toString);
        assertEquals(0, bob.poll(node, told(rebuilt), 0).at("/items").size());
    }

    @Test
    void ids_tell_no_later_time_than_that_up_to_which_the_groups_were_told() throws Exception {
        String cursor = before(told(bob.poll(node, null, 0), 0));
        var pair = ann.group(bob);
        ann.say(pair, "in bob's own stream");
        ann.say(group, "in that of the group");
        long since = time(cursor);
        try (var stream = bob.listen(node, cursor)) {
            var own = stream.of(pair, "message.created").getFirst().id();
            assertEquals(since, time(String.valueOf(own)), "cut off here, bob is to be told the group again");
            assertTrue(time(String.valueOf(stream.lastEventId())) > since, "and not when he was told");
        }
        var part = bob.poll(node, cursor, "wait=0&limit=1");
        assertEquals(1, part.at("/items").size());
        assertEquals(since, time(told(part)));
    }

    @Test
    void a_group_in_which_nothing_happened_asks_nothing_of_history() throws Exception {
        world.sql("""
                UPDATE conversation SET created_at = created_at - interval '1 day', updated_at = updated_at - interval '1 day',
                    last_at = last_at - interval '1 day'
                WHERE id = %d
                """.formatted(ConversationId.parse(group).value()));
        String cursor = before(told(bob.poll(node, null, 0), 0));
        assertEquals(0, bob.poll(node, cursor, 0).at("/items").size());
        assertEquals(0, rebuilds());
        world.sql("UPDATE conversation SET name = 'renamed', updated_at = now() WHERE id = "
                + ConversationId.parse(group).value());
        var answer = bob.poll(node, cursor, 0);
        assertEquals("conversation.updated", answer.at("/items/0/type").asText(), answer::toString);
        assertEquals(1, rebuilds());
    }

    private long rebuilds() {
        return node.meters.registry().get("parley.stream.rebuilds.wait").timer().count();
    }

    /** The cursor of an hour ago: so that its minute of overlap does not hide what is missing. */
    private static String before(String cursor) {
        var now = Cursor.parse(cursor).orElseThrow();
        return now.withTime(now.timeMillis() - 3_600_000).toString();
    }

    private static long time(String cursor) {
        return Cursor.parse(cursor.replaceFirst("~.*", "")).orElseThrow().timeMillis();
    }

    /** The cursor of an answer with so many events. */
    private static String told(JsonNode answer, int events) {
        assertEquals(events, answer.at("/items").size(), answer::toString);
        return told(answer);
    }

    private static String told(JsonNode answer) {
        return answer.at("/last_event_id").asText();
    }

    private static List<Long> seqs(JsonNode answer) {
        return StreamSupport.stream(answer.at("/items").spliterator(), false)
                .map(item -> item.at("/data/seq").asLong())
                .toList();
    }

    private static List<Long> newOnes(JsonNode answer, long from) {
        return seqs(answer).stream().filter(seq -> seq >= from).toList();
    }

    private static List<Long> range(long first, long last) {
        return LongStream.rangeClosed(first, last).boxed().toList();
    }

    private static String key(String group) {
        return RedisKeys.group(ConversationId.parse(group));
    }
}
