package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.ChatEvent;
import chat.parley.event.Publication;
import chat.parley.event.PublishOutcome;
import chat.parley.id.ConversationId;
import chat.parley.json.Json;
import chat.parley.message.MessageHeads;
import chat.parley.ops.MonotonicClock;
import chat.parley.receipt.Advance;
import chat.parley.receipt.NewMarks;
import chat.parley.receipt.Receipts;
import chat.parley.stream.StreamWorld.NodeUnderTest;
import chat.parley.stream.StreamWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Marks in a stream: live, in an exact replay, in a rebuilt one. */
class MarksStreamTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private StreamWorld world;
    private NodeUnderTest node;
    private Receipts receipts;
    private Person ann;
    private Person ben;
    private ConversationId talk;

    @BeforeEach
    void open() throws Exception {
        world = new StreamWorld(POSTGRES, REDIS.uri());
        node = world.node();
        receipts = new Receipts(
                world.postgres,
                MessageHeads.IN_ROWS,
                new MonotonicClock(Clock.systemUTC()),
                new SimpleMeterRegistry(),
                this::publish);
        ann = world.person();
        ben = world.person();
        talk = world.direct(ann, ben);
        StreamServiceTest.awaitReady(node);
    }

    @AfterEach
    void close() throws Exception {
        receipts.close();
        node.close();
        world.close();
    }

    @Test
    void marks_arrive_live_and_an_exact_replay_tells_only_the_last_of_each_in_a_page() throws Exception {
        String id;
        try (var client = SseClient.resume(node.port(), ann, null)) {
            client.until("stream.caught_up");
            world.send(talk, ann, "1");
            id = client.next("message.created").id();
            read(1);
            var frame = client.next("read.advanced");
            assertEquals(
                    "{\"user_id\":\"" + ben.user() + "\",\"seq\":1}",
                    Json.MAPPER.readTree(frame.data()).at("/data").toString());
        }
        for (int seq = 2; seq <= 20; seq++) {
            world.send(talk, ann, "text");
            receipts.move(List.of(new NewMarks(talk, ben.user(), 0, seq)));
            read(seq - 1);
        }
        try (var client = SseClient.resume(node.port(), ann, id)) {
            assertTrue(client.next("stream.ready").data().contains("\"exact\""));
            var replayed = client.until("stream.caught_up");
            assertEquals(List.of(19L), seqs(replayed, "read.advanced"));
            assertEquals(List.of(20L), seqs(replayed, "delivered.advanced"));
            assertEquals(
                    19,
                    replayed.stream()
                            .filter(frame -> frame.event().equals("message.created"))
                            .count());
        }
    }

    @Test
    void a_rebuilt_stream_carries_the_marks_as_they_stand() throws Exception {
        String id;
        try (var client = SseClient.resume(node.port(), ann, null)) {
            client.until("stream.caught_up");
            world.send(talk, ann, "1");
            id = client.next("message.created").id();
        }
        world.send(talk, ann, "2");
        read(1);
        receipts.move(List.of(new NewMarks(talk, ben.user(), 0, 2)));
        REDIS.flushAll();
        try (var client = SseClient.resume(node.port(), ann, id)) {
            assertTrue(client.next("stream.ready").data().contains("\"rebuilt\""));
            var replayed = client.until("stream.caught_up");
            assertEquals(List.of(1L), seqs(replayed, "read.advanced"));
            assertEquals(List.of(2L), seqs(replayed, "delivered.advanced"));
        }
    }

    private void read(long seq) {
        receipts.move(List.of(new NewMarks(talk, ben.user(), seq, 0)));
    }

    /** Each move at once, as it is told without a window. */
    private void publish(Advance advance) {
        var events = new ArrayList<ChatEvent>();
        if (advance.now().readSeq() > advance.before().readSeq()) {
            events.add(new ChatEvent.ReadAdvanced(
                    advance.conversation(), advance.user(), advance.now().readSeq(), advance.at()));
        }
        if (advance.now().deliveredSeq() > advance.now().readSeq()) {
            events.add(new ChatEvent.DeliveredAdvanced(
                    advance.conversation(), advance.user(), advance.now().deliveredSeq(), advance.at()));
        }
        var outcomes = world.log.publish(events.stream()
                .map(event -> Publication.first(event, List.of(ann.user(), ben.user())))
                .toList());
        assertTrue(outcomes.stream().allMatch(PublishOutcome.Published.class::isInstance));
    }

    private static List<Long> seqs(List<SseClient.Frame> frames, String type) throws Exception {
        var seqs = new ArrayList<Long>();
        for (var frame : frames) {
            if (frame.event().equals(type)) {
                seqs.add(Json.MAPPER.readTree(frame.data()).at("/data/seq").longValue());
            }
        }
        return seqs;
    }
}
