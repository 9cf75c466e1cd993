package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.Cursor;
import chat.parley.stream.StreamWorld.NodeUnderTest;
import chat.parley.stream.StreamWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamServiceTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private StreamWorld world;
    private NodeUnderTest node;
    private Person ann;
    private Person ben;

    @BeforeEach
    void open() throws Exception {
        world = new StreamWorld(POSTGRES, uri());
        node = world.node();
        ann = world.person();
        ben = world.person();
        awaitReady(node);
    }

    /** Where it runs; a single Redis, here. */
    String uri() {
        return REDIS.uri();
    }

    void emptyRedis() {
        REDIS.flushAll();
    }

    @AfterEach
    void close() throws Exception {
        node.close();
        world.close();
    }

    static void awaitReady(NodeUnderTest node) {
        Awaitility.await().until(() -> {
            try (var client = SseClient.open(node.port(), "/readyz")) {
                return client.status() == 200;
            }
        });
    }

    @Test
    void a_new_stream_is_ready_and_receives_what_is_sent() throws Exception {
        var conversation = world.direct(ann, ben);
        try (var client = SseClient.resume(node.port(), ben, null)) {
            assertEquals(200, client.status());
            assertEquals("text/event-stream;charset=utf-8", client.header("Content-Type"));
            assertEquals("no-cache, no-store, no-transform", client.header("Cache-Control"));
            assertEquals("no", client.header("X-Accel-Buffering"));
            assertNull(client.header("Transfer-Encoding"));
            var ready = client.next("stream.ready");
            assertTrue(ready.data().contains("\"resumed\":\"new\",\"heartbeat_seconds\":25"), ready.data());
            assertNotNull(ready.id());
            long retry = Long.parseLong(Objects.requireNonNull(client.retry()));
            assertTrue(retry >= 1_500 && retry <= 4_000, () -> "retry " + retry);
            client.next("stream.caught_up");

            var message = world.send(conversation, ann, "hello\nthere\u2028 \ud83d\ude00");
            var frame = client.next("message.created");
            assertEquals(1, frame.seq());
            assertTrue(frame.data().contains(message.conversation() + ":1"), frame.data());
            assertTrue(frame.data().contains("hello\\nthere"), frame.data());
            assertNotNull(frame.id());
        }
    }

    @Test
    void a_stream_resumes_exactly_where_it_was() throws Exception {
        var conversation = world.direct(ann, ben);
        String id;
        try (var client = SseClient.resume(node.port(), ben, null)) {
            client.until("stream.caught_up");
            world.send(conversation, ann, "1");
            id = client.next("message.created").id();
        }
        for (int i = 2; i <= 150; i++) {
            world.send(conversation, ann, i == 77 ? "long".repeat(1_000) : "text " + i);
        }
        try (var client = SseClient.resume(node.port(), ben, id)) {
            assertTrue(client.next("stream.ready").data().contains("\"exact\""));
            var replayed = client.until("stream.caught_up");
            assertEquals(LongStream.rangeClosed(2, 150).boxed().toList(), seqs(replayed));
            assertTrue(
                    replayed.getLast().data().contains("\"events\":149"),
                    replayed.getLast().data());
            assertTrue(replayed.get(75).data().contains("longlong"));
            world.send(conversation, ann, "live");
            assertEquals(151, client.next("message.created").seq());
        }
    }

    @Test
    void a_trimmed_cursor_is_rebuilt_from_history_in_order() throws Exception {
        var one = world.direct(ann, ben);
        var cat = world.person();
        var two = world.direct(cat, ben);
        String id;
        try (var client = SseClient.resume(node.port(), ben, null)) {
            client.until("stream.caught_up");
            world.send(one, ann, "1");
            id = client.next("message.created").id();
        }
        for (int i = 0; i < 300; i++) {
            world.send(i % 3 == 0 ? two : one, i % 3 == 0 ? cat : ann, "text " + i);
        }
        try (var client = SseClient.resume(node.port(), ben, id)) {
            assertTrue(client.next("stream.ready").data().contains("\"rebuilt\""));
            var replayed = client.until("stream.caught_up");
            var head = replayed.getLast().id();
            assertNotNull(head);
            assertTrue(replayed.stream().limit(replayed.size() - 1).allMatch(frame -> frame.id() == null));
            assertEquals(LongStream.rangeClosed(1, 201).boxed().toList(), seqsOf(replayed, one.toString()));
            assertEquals(LongStream.rangeClosed(1, 100).boxed().toList(), seqsOf(replayed, two.toString()));
            assertTrue(replayed.stream().anyMatch(frame -> frame.event().equals("conversation.created")));
            world.send(one, ann, "live");
            assertEquals(202, client.next("message.created").seq());
            try (var again = SseClient.resume(node.port(), ben, head)) {
                assertTrue(again.next("stream.ready").data().contains("\"exact\""));
                assertEquals(List.of(202L), seqs(again.until("stream.caught_up")));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nonsense", "0-5-0-abcdef", "'; DROP TABLE message; --", "1-1-zzzzzzzzzzzz-abcdef"})
    void a_cursor_that_was_never_ours_is_a_reset(String cursor) throws Exception {
        var conversation = world.direct(ann, ben);
        world.send(conversation, ann, "1");
        try (var client = SseClient.resume(node.port(), ben, cursor)) {
            assertTrue(client.next("stream.ready").data().contains("\"reset\""));
            var reset = client.next("stream.reset");
            assertTrue(
                    reset.data().contains("\"heads\":[{\"conversation_id\":\"" + conversation + "\",\"last_seq\":1}]"),
                    reset.data());
            assertNotNull(reset.id());
            client.next("stream.caught_up");
            world.send(conversation, ann, "2");
            assertEquals(2, client.next("message.created").seq());
        }
    }

    @Test
    void a_cursor_of_another_user_brings_nothing_of_theirs_and_loses_nothing() throws Exception {
        var cat = world.person();
        var theirs = world.direct(ann, cat);
        var mine = world.direct(ann, ben);
        String foreign;
        try (var client = SseClient.resume(node.port(), cat, null)) {
            client.until("stream.caught_up");
            world.send(theirs, ann, "secret");
            foreign = client.next("message.created").id();
        }
        world.send(mine, ann, "for ben");
        try (var client = SseClient.resume(node.port(), ben, foreign)) {
            var all = client.until("stream.caught_up");
            assertTrue(all.getFirst().data().contains("\"rebuilt\""), all.toString());
            assertEquals(List.of(1L), seqsOf(all, mine.toString()));
            assertTrue(all.stream().noneMatch(frame -> frame.data().contains("secret")));
        }
    }

    @Test
    void more_than_ten_thousand_changes_are_a_reset() throws Exception {
        var conversation = world.direct(ann, ben);
        world.store(conversation, ann, "first");
        world.postgres.<Void, RuntimeException>with(db -> {
            db.execute(
                    "INSERT INTO message (conversation_id, seq, sender_id, client_message_id, body_hash, text, created_at)"
                            + " SELECT conversation_id, n, sender_id, 'x' || n, body_hash, 'bulk', created_at"
                            + " FROM message, generate_series(2, 10050) AS n WHERE conversation_id = ?",
                    conversation.value());
            db.execute("UPDATE conversation SET last_seq = 10050 WHERE id = ?", conversation.value());
            return null;
        });
        String old = new Cursor(5, 5, System.currentTimeMillis() - 1_000, "abcdef").toString();
        try (var client = SseClient.resume(node.port(), ben, old)) {
            assertTrue(client.next("stream.ready").data().contains("\"reset\""));
            assertTrue(client.next("stream.reset").data().contains("\"last_seq\":10050"));
        }
        world.postgres.<Void, RuntimeException>with(db -> {
            db.execute("DELETE FROM message WHERE conversation_id = ? AND seq > 9000", conversation.value());
            db.execute("UPDATE conversation SET last_seq = 9000 WHERE id = ?", conversation.value());
            return null;
        });
        try (var client = SseClient.resume(node.port(), ben, old)) {
            var all = client.until("stream.caught_up");
            assertEquals(LongStream.rangeClosed(1, 9000).boxed().toList(), seqs(all));
        }
    }

    @Test
    void an_emptied_redis_is_noticed_in_mid_stream_and_nothing_is_missed() throws Exception {
        var conversation = world.direct(ann, ben);
        try (var client = SseClient.resume(node.port(), ben, null)) {
            client.until("stream.caught_up");
            world.send(conversation, ann, "1");
            client.next("message.created");
            world.store(conversation, ann, "2, never published");
            emptyRedis();
            world.send(conversation, ann, "3");
            var all = client.until(frame -> frame.event().equals("stream.caught_up"));
            assertTrue(seqs(all).containsAll(List.of(2L, 3L)), all.toString());
            assertNotNull(all.getLast().id());
            world.send(conversation, ann, "4");
            assertTrue(client.until("message.created").getLast().seq() >= 3);
        }
    }

    @Test
    void filters_leave_out_and_still_move_the_cursor() throws Exception {
        var one = world.direct(ann, ben);
        var two = world.direct(world.person(), ben);
        try (var client = SseClient.bearer(
                node.port(), "/v1/stream?named=0&heartbeat=10&types=message.created&conversations=" + two, ben)) {
            assertEquals("message", client.next().event());
            client.next();
            var before = client.lastEventId();
            world.send(one, ann, "left out");
            world.send(one, ann, "left out too");
            Awaitility.await().until(() -> !Objects.equals(before, client.lastEventId()));
            assertEquals(0, client.waiting());
            assertEquals(
                    2,
                    Cursor.parse(Objects.requireNonNull(client.lastEventId()))
                            .orElseThrow()
                            .n());
            var cat = ben;
            world.send(two, cat, "wanted");
            var frame = client.next();
            assertEquals("message", frame.event());
            assertTrue(frame.data().contains("wanted"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "heartbeat=9, heartbeat",
        "heartbeat=301, heartbeat",
        "heartbeat=x, heartbeat",
        "heartbeat_event=2, heartbeat_event",
        "class=loud, class",
        "named=yes, named",
        "types=a b, types",
        "conversations=7, conversations",
        "wait=61, wait",
        "limit=0, limit",
        "wait=1&wait=2, wait"
    })
    void a_bad_parameter_is_named(String query, String pointer) throws Exception {
        try (var client = SseClient.bearer(node.port(), "/v1/stream?" + query.replace(" ", "%20"), ben)) {
            assertEquals(400, client.status());
            assertEquals("application/problem+json", client.header("Content-Type"));
            assertTrue(client.next().data().contains("\"pointer\":\"" + pointer + "\""));
        }
    }

    @Test
    void refusals_are_statuses_where_the_client_sees_them_and_events_where_not() throws Exception {
        try (var client = SseClient.open(node.port(), "/v1/stream", "Authorization: Bearer wrong")) {
            assertEquals(401, client.status());
            assertTrue(client.next().data().contains("\"code\":\"unauthenticated\""));
        }
        try (var client = SseClient.open(node.port(), "/v1/stream")) {
            assertEquals(200, client.status());
            client.next("stream.reauth");
            assertNotNull(client.retry());
        }
        try (var client = SseClient.open(node.port(), "/v1/stream?access_token=x")) {
            assertEquals(400, client.status());
            assertTrue(client.next().data().contains("token_in_url"));
        }
        try (var client = SseClient.open(node.port(), "/v1/stream", "Accept: text/html")) {
            assertEquals(406, client.status());
        }
        try (var client = SseClient.request(node.port(), "POST", "/v1/stream", "Content-Length: 0")) {
            assertEquals(405, client.status());
            assertEquals("GET, HEAD", client.header("Allow"));
        }
        try (var client = SseClient.request(node.port(), "HEAD", "/v1/stream", "Cookie: " + ben.cookie())) {
            assertEquals(200, client.status());
            assertEquals("text/event-stream;charset=utf-8", client.header("Content-Type"));
        }
        try (var client = SseClient.open(node.port(), "/v1/stream?ticket=dead", "Last-Event-ID: 1-1-1-abcdef")) {
            assertEquals(204, client.status());
        }
        try (var client = SseClient.open(node.port(), "/v1/other")) {
            assertEquals(404, client.status());
        }
    }

    @Test
    void a_cookie_opens_a_stream_and_its_end_closes_it() throws Exception {
        try (var client = SseClient.open(node.port(), "/v1/stream", "Cookie: " + ben.cookie())) {
            client.until("stream.caught_up");
            world.accounts.sessions().end(ben.user(), ben.session().id());
            world.log.sessionEnded(ben.user(), ben.session().id());
            client.next("stream.reauth");
            client.awaitEnd();
        }
        assertEquals(1, node.counted("parley.stream.closes", "reason", "reauth"));
    }

    @Test
    void a_device_that_goes_into_the_background_loses_its_streams_and_no_other_does() throws Exception {
        var elsewhere = world.otherSession(ben);
        try (var paused = SseClient.resume(node.port(), ben, null);
                var other = SseClient.resume(node.port(), elsewhere, null)) {
            paused.until("stream.caught_up");
            other.until("stream.caught_up");
            world.log.sessionPaused(ben.user(), ben.session().id());
            // No event: an EventSource knows only that the connection is gone, and when to come back.
            assertEquals("end of stream", paused.next().event());
            long retry = Long.parseLong(Objects.requireNonNull(paused.retry()));
            assertTrue(retry >= 60_000 && retry <= 90_000, () -> "retry " + retry);
            world.send(world.direct(ann, ben), ann, "still here");
            other.next("message.created");
        }
        assertEquals(1, node.counted("parley.stream.closes", "reason", "background"));
        try (var again = SseClient.resume(node.port(), ben, null)) {
            again.until("stream.caught_up"); // the login lasts
        }
    }

    @Test
    void one_user_has_twenty_streams_at_most() throws Exception {
        var open = new java.util.ArrayList<SseClient>();
        for (int i = 0; i < 20; i++) {
            var client = SseClient.resume(node.port(), ben, null);
            client.until("stream.caught_up");
            open.add(client);
        }
        try (var refused = SseClient.resume(node.port(), ben, null)) {
            assertEquals(429, refused.status());
            assertNotNull(refused.header("Retry-After"));
        }
        try (var refused = SseClient.open(node.port(), "/v1/stream", "Cookie: " + ben.cookie())) {
            refused.next("stream.busy");
        }
        for (var client : open) {
            client.close();
        }
        Awaitility.await().until(() -> node.open() == 0);
    }

    @Test
    void a_node_that_leaves_says_so_and_takes_no_more() throws Exception {
        try (var client = SseClient.resume(node.port(), ben, null)) {
            client.until("stream.caught_up");
            var leaving = Thread.ofVirtual().start(() -> {
                try {
                    node.service.drain();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            client.next("stream.drain");
            long retry = Long.parseLong(Objects.requireNonNull(client.retry()));
            assertTrue(retry >= 2_000 && retry <= 30_000, () -> "retry " + retry);
            client.awaitEnd();
            leaving.join();
            try (var refused = SseClient.resume(node.port(), ben, null)) {
                assertEquals(503, refused.status());
            }
            try (var refused = SseClient.open(node.port(), "/v1/stream", "Cookie: " + ben.cookie())) {
                refused.next("stream.drain");
            }
            try (var ready = SseClient.open(node.port(), "/readyz")) {
                assertEquals(503, ready.status());
            }
        }
    }

    static List<Long> seqs(List<SseClient.Frame> frames) {
        return frames.stream()
                .filter(frame -> frame.event().equals("message.created"))
                .map(SseClient.Frame::seq)
                .toList();
    }

    static List<Long> seqsOf(List<SseClient.Frame> frames, String conversation) {
        return seqs(frames.stream()
                .filter(frame -> frame.data().contains("\"conversation_id\":\"" + conversation + "\""))
                .toList());
    }
}
