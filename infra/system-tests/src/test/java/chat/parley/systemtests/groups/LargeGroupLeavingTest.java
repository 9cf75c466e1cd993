package chat.parley.systemtests.groups;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.redis.RedisKeys;
import chat.parley.systemtests.groups.GroupWorld.Person;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nobody is told what was sent after they left, whatever was under way. */
@Timeout(120)
class LargeGroupLeavingTest extends LargeGroupScene {
    private static final int MORE_THAN_A_PAGE = 450;

    private String group;

    @BeforeEach
    void gather() throws Exception {
        group = ann.group(bob, cid, dee);
    }

    @Test
    void a_replay_that_is_taken_slowly_ends_where_its_reader_was_removed() throws Exception {
        String cursor = bob.poll(node, null, 0).at("/last_event_id").asText();
        var longText = "word ".repeat(700);
        for (int i = 0; i < MORE_THAN_A_PAGE; i++) {
            ann.say(group, longText + i);
        }
        try (var slow = new Socket()) {
            slow.setReceiveBufferSize(4096);
            slow.connect(new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), node.uri().getPort()));
            slow.getOutputStream().write("""
                            GET /v1/stream HTTP/1.1\r
                            Host: localhost\r
                            Accept: text/event-stream\r
                            Authorization: Bearer %s\r
                            Last-Event-ID: %s\r
                            \r
                            """.formatted(bob.token, cursor).getBytes(StandardCharsets.US_ASCII));
            var lines = new BufferedReader(new InputStreamReader(slow.getInputStream(), StandardCharsets.UTF_8));
            while (!String.valueOf(lines.readLine()).contains(longText)) {}
            ann.remove(group, bob);
            ann.say(group, "not for bob");
            boolean isTold = false;
            boolean isLive = false;
            for (var line = lines.readLine(); line != null && !isLive; line = lines.readLine()) {
                isTold |= line.contains("not for bob");
                isLive |= line.contains("caught_up");
            }
            assertTrue(isLive);
            assertFalse(isTold);
        }
    }

    @Test
    void a_waiting_poll_that_did_not_want_to_hear_of_the_removal_is_told_nothing_after_it() throws Exception {
        var pair = ann.group(bob);
        String cursor = bob.poll(node, null, 0).at("/last_event_id").asText();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var pending = threads.submit(() -> bob.poll(node, cursor, "wait=60&types=message.created"));
            Awaitility.await("the poll waits").until(() -> node.groups() == 1);
            ann.remove(group, bob);
            ann.say(group, "not for bob");
            ann.say(pair, "for bob");
            var answer = pending.get().toString();
            assertTrue(answer.contains("for bob"), answer);
            assertFalse(answer.contains("not for bob"), answer);
        }
    }

    @Test
    void who_is_mentioned_and_leaves_while_the_message_waits_to_be_stored_is_not_told() throws Exception {
        long id = ConversationId.parse(group).value();
        ann.say(group, "so that the members are known");
        try (var connection = POSTGRES.dataSource().getConnection();
                var leaving = connection.createStatement();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            connection.setAutoCommit(false);
            leaving.execute("SELECT FROM conversation WHERE id = %d FOR NO KEY UPDATE".formatted(id));
            var sending = threads.submit(() -> ann.say(group, "bob?", Map.of("mentions", List.of(bob.id, cid.id))));
            Awaitility.await("the message waits for the row")
                    .until(() ->
                            world.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") > 0);
            leaving.execute(
                    "UPDATE member SET left_at = now(), left_seq = 1 WHERE conversation_id = %d AND user_id = %d"
                            .formatted(id, UserId.parse(bob.id).value()));
            leaving.execute("UPDATE conversation SET departed_at = clock_timestamp() WHERE id = " + id);
            connection.commit();
            long seq = sending.get();
            var key = "m:" + group + ":" + seq + ":";
            Awaitility.await("the relay tells cid")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> hasInStream(cid, key));
            assertFalse(hasInStream(bob, key));
        }
    }

    private static boolean hasInStream(Person person, String key) {
        try (var jedis = REDIS.jedis()) {
            return jedis.xrange(RedisKeys.stream(UserId.parse(person.id)), "-", "+").stream()
                    .anyMatch(entry -> entry.getFields().toString().contains(key));
        }
    }
}
