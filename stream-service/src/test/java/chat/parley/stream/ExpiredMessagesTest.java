package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.conversation.Expiry;
import chat.parley.id.ConversationId;
import chat.parley.message.MessageHeads;
import chat.parley.stream.StreamWorld.NodeUnderTest;
import chat.parley.stream.StreamWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Messages that expired do not travel again, whichever way a stream is resumed. */
class ExpiredMessagesTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private StreamWorld world;
    private NodeUnderTest node;
    private Person ann;
    private Person ben;
    private ConversationId talk;

    @BeforeEach
    void open() throws Exception {
        world = new StreamWorld(POSTGRES, REDIS.uri());
        node = world.node();
        ann = world.person();
        ben = world.person();
        talk = world.direct(ann, ben);
        StreamServiceTest.awaitReady(node);
    }

    @AfterEach
    void close() throws Exception {
        node.close();
        world.close();
    }

    @Test
    void an_exact_replay_leaves_them_out_short_and_long_ones() throws Exception {
        var id = cursor();
        world.send(talk, ann, "expired and short");
        world.send(talk, ann, "expired and long ".repeat(200));
        world.send(talk, ann, "kept");
        hideBefore(3);
        assertEquals(List.of("kept"), texts(resumed(id, "exact")));
    }

    @Test
    void a_stream_of_which_all_expired_resumes_behind_it() throws Exception {
        var id = cursor();
        for (int i = 0; i < 10; i++) {
            world.send(talk, ann, "expired");
        }
        hideBefore(11);
        assertEquals(List.of(), texts(resumed(id, "exact")));
    }

    @Test
    void a_rebuilt_stream_does_not_carry_them_before_and_after_they_are_removed() throws Exception {
        var id = broken(cursor());
        for (int i = 1; i <= 20; i++) {
            world.send(talk, ann, "message " + i);
        }
        hideBefore(19);
        assertEquals(List.of("message 19", "message 20"), texts(resumed(id, "rebuilt")));
        world.messages.removeBefore(talk, 19, 100);
        assertEquals(List.of("message 19", "message 20"), texts(resumed(id, "rebuilt")));
        hideBefore(21);
        world.messages.removeBefore(talk, 21, 100);
        assertEquals(List.of(), texts(resumed(id, "rebuilt")));
    }

    private void hideBefore(long seq) {
        new Expiry(world.postgres, MessageHeads.IN_ROWS, Clock.systemUTC())
                .hide(talk, seq, Clock.systemUTC().instant());
    }

    private String cursor() throws Exception {
        try (var client = SseClient.resume(node.port(), ben, null)) {
            return Objects.requireNonNull(client.next("stream.ready").id());
        }
    }

    /** The same place in a stream that Redis does not have. */
    private static String broken(String cursor) {
        var parts = cursor.split("-", -1);
        return parts[0] + "-" + parts[1] + "-" + parts[2] + "-0";
    }

    private List<SseClient.Frame> resumed(String id, String how) throws Exception {
        try (var client = SseClient.resume(node.port(), ben, id)) {
            assertTrue(client.next("stream.ready").data().contains("\"" + how + "\""));
            return client.until("stream.caught_up");
        }
    }

    private static List<String> texts(List<SseClient.Frame> frames) {
        return frames.stream()
                .filter(frame -> "message.created".equals(frame.event()))
                .map(frame -> json(frame.data()).at("/data/text").textValue())
                .toList();
    }

    private static JsonNode json(String text) {
        try {
            return chat.parley.json.Json.MAPPER.readTree(text);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
