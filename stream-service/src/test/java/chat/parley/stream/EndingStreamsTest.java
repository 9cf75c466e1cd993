package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.stream.StreamWorld.NodeUnderTest;
import chat.parley.stream.StreamWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Streams that the node ends by itself: of clients that do not read, and of those that had their time. */
class EndingStreamsTest {
    /** Each message nearly fills the contract's limit, so some 40 fill the queue of one connection. */
    private static final int TEXT_CHARS = 9_000;

    /** Four times what a connection's queue and both sockets' buffers hold. */
    private static final int MESSAGES = 160;

    private static final int SMALL_BUFFER = 4 * 1024;

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private StreamWorld world;
    private Person ann;
    private Person ben;

    @BeforeEach
    void open() {
        world = new StreamWorld(POSTGRES, REDIS.uri());
        ann = world.person();
        ben = world.person();
    }

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void a_client_that_stops_reading_is_closed_and_no_one_else_notices() throws Exception {
        var conversation = world.direct(ann, ben);
        try (var node = ready(world.node());
                var stalled = new Socket();
                var reader = SseClient.resume(node.port(), ben, null)) {
            reader.until("stream.caught_up");
            stalled.setReceiveBufferSize(SMALL_BUFFER);
            stalled.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()));
            stalled.getOutputStream()
                    .write(
                            ("GET /v1/stream HTTP/1.1\r\nHost: parley\r\nAccept: text/event-stream\r\nAuthorization: Bearer "
                                            + ben.token() + "\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            Awaitility.await().until(() -> node.open() == 2);

            for (int i = 0; i < MESSAGES; i++) {
                world.send(conversation, ann, "a".repeat(TEXT_CHARS));
            }
            Awaitility.await().until(() -> node.counted("parley.stream.closes", "reason", "too_slow") == 1);
            assertEquals(1, node.open());
            var seen = reader.until(frame -> frame.event().equals("message.created") && frame.seq() == MESSAGES);
            assertEquals(
                    LongStream.rangeClosed(1, MESSAGES).boxed().toList(),
                    seen.stream()
                            .filter(frame -> frame.event().equals("message.created"))
                            .map(SseClient.Frame::seq)
                            .toList());
        }
    }

    @Test
    void a_stream_ends_after_its_life_and_resumes_exactly() throws Exception {
        var limits = new StreamSettings.Limits(
                10, 10, 10, Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(1));
        var conversation = world.direct(ann, ben);
        try (var node = ready(world.node(limits))) {
            String id;
            try (var client = SseClient.resume(node.port(), ben, null)) {
                client.until("stream.caught_up");
                world.send(conversation, ann, "before");
                id = client.next("message.created").id();
                client.awaitEnd();
            }
            assertNotNull(id);
            assertEquals(1, node.counted("parley.stream.closes", "reason", "rotated"));
            world.send(conversation, ann, "while away");
            try (var client = SseClient.resume(node.port(), ben, id)) {
                assertTrue(client.next("stream.ready").data().contains("\"exact\""));
                assertEquals(2, client.next("message.created").seq());
            }
        }
    }

    private static NodeUnderTest ready(NodeUnderTest node) {
        StreamServiceTest.awaitReady(node);
        return node;
    }
}
