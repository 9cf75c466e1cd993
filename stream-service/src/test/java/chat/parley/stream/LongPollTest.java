package chat.parley.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.EncodedEvent;
import chat.parley.event.EphemeralEvent.TypingStarted;
import chat.parley.event.Publication;
import chat.parley.stream.StreamWorld.NodeUnderTest;
import chat.parley.stream.StreamWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LongPollTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private StreamWorld world;
    private NodeUnderTest node;
    private Person ann;
    private Person ben;

    @BeforeEach
    void open() throws Exception {
        world = new StreamWorld(POSTGRES, REDIS.uri());
        node = world.node();
        ann = world.person();
        ben = world.person();
        StreamServiceTest.awaitReady(node);
    }

    @AfterEach
    void close() throws Exception {
        node.close();
        world.close();
    }

    private String poll(String query) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + "/v1/stream?" + query))
                .header("Authorization", "Bearer " + ben.token())
                .header("Accept", "application/json")
                .build();
        var answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode());
        assertEquals(
                "application/json", answer.headers().firstValue("Content-Type").orElse(""));
        return answer.body();
    }

    private static String cursor(String answer) {
        int at = answer.lastIndexOf("\"last_event_id\":\"") + 17;
        return answer.substring(at, answer.indexOf('"', at));
    }

    @Test
    void a_plain_poll_answers_at_once_and_goes_on_by_its_cursor() throws Exception {
        var conversation = world.direct(ann, ben);
        var first = poll("wait=0");
        assertTrue(first.startsWith("{\"items\":[]"), first);
        for (int i = 1; i <= 5; i++) {
            world.send(conversation, ann, "text " + i);
        }
        var second = poll("limit=3&last_event_id=" + cursor(first));
        assertTrue(second.contains("text 1") && second.contains("text 3") && !second.contains("text 4"), second);
        var third = poll("limit=3&last_event_id=" + cursor(second));
        assertTrue(third.contains("text 4") && third.contains("text 5") && !third.contains("text 3"), third);
        assertTrue(poll("last_event_id=" + cursor(third)).startsWith("{\"items\":[]"));
    }

    @Test
    void a_waiting_poll_is_answered_by_the_next_event() throws Exception {
        var conversation = world.direct(ann, ben);
        var first = cursor(poll("wait=0"));
        var waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return poll("wait=30&last_event_id=" + first);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        Awaitility.await().until(() -> node.open() == 1);
        world.send(conversation, ann, "here it is");
        assertTrue(waiting.get(10, TimeUnit.SECONDS).contains("here it is"));
        Awaitility.await().until(() -> node.open() == 0);
    }

    @Test
    void a_waiting_poll_of_a_device_that_goes_into_the_background_is_answered_empty() throws Exception {
        var first = cursor(poll("wait=0"));
        var waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return poll("wait=30&last_event_id=" + first);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        Awaitility.await().until(() -> node.open() == 1);
        world.log.sessionPaused(ben.user(), ann.session().id());
        world.log.sessionPaused(ben.user(), ben.session().id());
        var answer = waiting.get(10, TimeUnit.SECONDS);
        assertTrue(answer.startsWith("{\"items\":[]"), answer);
        assertEquals(first, cursor(answer));
    }

    @Test
    void an_event_that_is_not_urgent_wakes_a_poll_later_and_one_that_is_at_once() throws Exception {
        var conversation = world.direct(ann, ben);
        var first = cursor(poll("wait=0"));
        var idle = CompletableFuture.supplyAsync(() -> {
            try {
                return poll("class=idle&wait=30&last_event_id=" + first);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        try (var foreground = SseClient.resume(node.port(), ben, null)) {
            foreground.until("stream.caught_up");
            Awaitility.await().until(() -> node.open() == 2);
            var reaction = new EncodedEvent("reaction.added", "r:1", 1, "{\"told\":\"soon\"}".getBytes(UTF_8));
            world.log.publish(List.of(new Publication(reaction, List.of(ben.user()), Publication.Mode.FIRST, true)));
            foreground.next("reaction.added"); // after two seconds; the poll of an idle device would wait for thirty
            assertFalse(idle.isDone());
            assertTrue(poll("wait=1&last_event_id=" + first).contains("soon")); // what is in the stream is in any read
            world.send(conversation, ann, "now");
            var answer = idle.get(10, TimeUnit.SECONDS);
            assertTrue(answer.contains("soon") && answer.contains("now"), answer);
        }
    }

    @Test
    void a_poll_hears_nothing_of_what_is_not_stored() throws Exception {
        var conversation = world.direct(ann, ben);
        var first = cursor(poll("wait=0"));
        var waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return poll("wait=30&last_event_id=" + first);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        try (var stream = SseClient.resume(node.port(), ben, null)) {
            stream.until("stream.caught_up");
            Awaitility.await().until(() -> node.open() == 2);
            world.log.tellLive(new TypingStarted(conversation, ann.user(), Instant.now()), List.of(ben.user()));
            assertNull(stream.next("typing.started").id());
            assertFalse(waiting.isDone());
            world.send(conversation, ann, "now");
            var answer = waiting.get(10, TimeUnit.SECONDS);
            assertTrue(answer.contains("now") && !answer.contains("typing"), answer);
        }
    }

    @Test
    void a_poll_that_waited_in_vain_answers_nothing_and_keeps_its_cursor() throws Exception {
        var first = cursor(poll("wait=0"));
        var answer = poll("wait=1&last_event_id=" + first);
        assertEquals("{\"items\":[],\"last_event_id\":\"" + first + "\"}", answer);
    }

    @Test
    void a_poll_is_rebuilt_and_reset_like_a_stream() throws Exception {
        var conversation = world.direct(ann, ben);
        var first = cursor(poll("wait=0"));
        for (int i = 1; i <= 300; i++) {
            world.send(conversation, ann, "text " + i + ";");
        }
        REDIS.flushAll();
        var rebuilt = poll("limit=10&last_event_id=" + first);
        assertTrue(rebuilt.contains("text 1;") && rebuilt.contains("text 300;"));
        world.send(conversation, ann, "after");
        assertTrue(poll("last_event_id=" + cursor(rebuilt)).contains("after"));
        var reset = poll("last_event_id=forged");
        assertTrue(reset.contains("\"type\":\"stream.reset\"") && reset.contains("\"last_seq\":301"), reset);
    }

    @Test
    void a_poll_without_a_caller_is_401() throws Exception {
        try (var client = SseClient.open(node.port(), "/v1/stream", "Accept: application/json")) {
            assertEquals(401, client.status());
        }
    }
}
