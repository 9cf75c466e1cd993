package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.EphemeralEvent.TypingStarted;
import chat.parley.stream.StreamWorld.NodeUnderTest;
import chat.parley.stream.StreamWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Typing and presence through whole nodes, in real seconds. */
class LazyEventsTest {
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
    void who_comes_on_one_node_is_told_on_another_and_to_no_device_in_a_pocket() throws Exception {
        var conversation = world.direct(ann, ben);
        try (var one = ready(world.node());
                var two = ready(world.node());
                var desk = SseClient.resume(two.port(), ben, null);
                var pocket = SseClient.bearer(two.port(), "/v1/stream?class=idle", ben)) {
            desk.until("stream.caught_up");
            pocket.until("stream.caught_up");
            try (var hers = SseClient.resume(one.port(), ann, null)) {
                hers.until("stream.caught_up");
                var frame = desk.next("presence.changed");
                assertNull(frame.id());
                assertTrue(
                        frame.data().contains("\"user_id\":\"" + ann.user() + "\",\"status\":\"online\""),
                        frame.data());
                world.log.tellLive(new TypingStarted(conversation, ann.user(), Instant.now()), List.of(ben.user()));
                assertTrue(desk.next("typing.started").data().contains(conversation.toString()));
                world.send(conversation, ann, "hello");
                assertNotNull(desk.next("message.created").id());
                pocket.next("message.created");
                double announced = one.counted("parley.presence.changes", "status", "online")
                        + two.counted("parley.presence.changes", "status", "online");
                assertEquals(2, announced); // each of the two, once
            }
        }
    }

    @Test
    void a_node_that_leaves_or_reconnects_is_no_news() throws Exception {
        world.direct(ann, ben);
        try (var one = ready(world.node());
                var two = ready(world.node());
                var desk = SseClient.resume(two.port(), ben, null)) {
            desk.until("stream.caught_up");
            try (var hers = SseClient.resume(one.port(), ann, null)) {
                hers.until("stream.caught_up");
                desk.next("presence.changed");
                one.service.drain();
                hers.until("stream.drain");
            }
            try (var redis = REDIS.jedis()) {
                var fields = redis.hgetAll("p:" + ann.user());
                assertEquals("o", fields.get("a"));
                assertTrue(
                        fields.entrySet().stream()
                                .filter(field -> field.getKey().length() > 1)
                                .anyMatch(lease -> Long.parseLong(lease.getValue())
                                        > Instant.now().toEpochMilli() + 60_000),
                        fields::toString);
            }
        }
    }

    @Test
    void presence_can_be_turned_off() throws Exception {
        try (var node = ready(world.node(StreamWorld.LIMITS, false));
                var client = SseClient.resume(node.port(), ben, null)) {
            client.until("stream.caught_up");
            assertNull(node.meters.registry().find("parley.presence.leases").counter());
        }
        try (var node = ready(world.node());
                var client = SseClient.resume(node.port(), ben, null)) {
            client.until("stream.caught_up");
            Awaitility.await()
                    .until(() -> node.meters
                                    .registry()
                                    .get("parley.presence.leases")
                                    .counter()
                                    .count()
                            > 0);
        }
    }

    private static NodeUnderTest ready(NodeUnderTest node) {
        StreamServiceTest.awaitReady(node);
        return node;
    }
}
