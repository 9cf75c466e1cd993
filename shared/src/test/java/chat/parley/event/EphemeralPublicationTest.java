package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.event.EphemeralEvent.PresenceChanged;
import chat.parley.event.EphemeralEvent.TypingStarted;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.presence.Presence;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.BinaryJedisShardedPubSub;
import redis.clients.jedis.Protocol;

/** What no stream keeps reaches those who are connected, and gives way to everything else. */
class EphemeralPublicationTest {
    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final UserId ANN = new UserId(0x1234_5678_9abcL);
    private static final UserId BOB = new UserId(0x1234_5678_9abdL);
    private static final ConversationId TALK = new ConversationId(0x2345_6789_abcdL);

    private final StepClock clock = StepClock.started();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private Redis redis;
    private EventLog log;

    @BeforeEach
    void open() {
        redis = Redis.open(URI.create(REDIS.uri()), 4);
        log = new EventLog(redis, clock, meters);
    }

    @AfterEach
    void close() {
        log.close();
        redis.close();
    }

    @Test
    void it_reaches_who_listens_and_is_kept_nowhere() throws Exception {
        var received = new LinkedBlockingQueue<LiveFrame>();
        var feed = new Feed(received);
        try (var connection = redis.subscribing(Objects.requireNonNull(log.server(BOB)), Duration.ofSeconds(20))) {
            var reader = Thread.ofVirtual()
                    .start(() -> feed.proceed(connection, RedisKeys.live(BOB).getBytes(ISO_8859_1)));
            feed.subscribed.get(5, TimeUnit.SECONDS);
            // More recipients than one script takes; most of them are not there.
            var many = new ArrayList<>(
                    LongStream.range(1, 250).mapToObj(UserId::new).toList());
            many.add(BOB);
            assertTrue(log.tellLive(new TypingStarted(TALK, ANN, clock.instant()), many));
            var event = assertInstanceOf(LiveFrame.Ephemeral.class, received.poll(5, TimeUnit.SECONDS))
                    .event();
            assertEquals("typing.started", event.type());
            assertEquals("t:" + TALK + ":" + ANN, event.key());
            assertEquals(clock.millis(), event.timeMillis());
            assertEquals(
                    "{\"type\":\"typing.started\",\"time\":\"2026-11-22T20:15:03.127Z\",\"conversation_id\":\"" + TALK
                            + "\",\"actor_id\":\"" + ANN + "\",\"data\":{\"user_id\":\"" + ANN + "\"}}",
                    new String(event.json(), UTF_8));

            var seen = new Presence(ANN, Presence.Status.AWAY, "not told", clock.instant());
            assertTrue(log.tellLive(new PresenceChanged(seen, clock.instant()), List.of(BOB)));
            event = assertInstanceOf(LiveFrame.Ephemeral.class, received.poll(5, TimeUnit.SECONDS))
                    .event();
            assertEquals(
                    "{\"type\":\"presence.changed\",\"time\":\"2026-11-22T20:15:03.127Z\",\"actor_id\":\"" + ANN
                            + "\",\"data\":{\"user_id\":\"" + ANN
                            + "\",\"status\":\"away\",\"last_seen_at\":\"2026-11-22T20:15:03.127Z\"}}",
                    new String(event.json(), UTF_8));
            feed.sunsubscribe();
            reader.join();
        }
        try (var jedis = REDIS.jedis()) {
            assertEquals(0, jedis.keys("s:*").size());
        }
        assertEquals(2, counted("live"));
    }

    @Test
    void it_is_dropped_and_counted_while_redis_is_away() throws Exception {
        try (var own = RealRedis.own(Persistence.NONE)) {
            var server = own.server();
            try (var away = Redis.open(URI.create(server.uri()), 4);
                    var events = new EventLog(away, clock, meters)) {
                server.kill();
                events.tellLive(typing(), List.of(BOB)); // finds out
                Awaitility.await().until(events::isBusy);
                double before = counted("dropped");
                assertFalse(events.tellLive(typing(), List.of(BOB)));
                assertEquals(before + 1, counted("dropped"));
                assertEquals(0, counted("unpublished"));
            }
        }
    }

    @Test
    void it_gives_way_when_the_queue_is_more_than_half_full() {
        try (var jedis = REDIS.jedis()) {
            jedis.sendCommand(Protocol.Command.CLIENT, "PAUSE", "800", "WRITE"); // below the limit of a reply
        }
        var event = new EncodedEvent("message.created", "m:1", clock.millis(), "{}".getBytes(UTF_8));
        var stored = new ArrayList<CompletableFuture<PublishOutcome>>();
        for (int i = 0; i < 15_000; i++) {
            stored.add(log.submit(new Publication(event, List.of(ANN), Publication.Mode.FIRST, true)));
        }
        assertTrue(log.isBusy());
        assertFalse(log.tellLive(typing(), List.of(BOB)));
        assertEquals(1, counted("dropped"));
        stored.forEach(CompletableFuture::join);
        Awaitility.await().until(() -> !log.isBusy());
        assertTrue(log.tellLive(typing(), List.of(BOB)));
    }

    private TypingStarted typing() {
        return new TypingStarted(TALK, ANN, clock.instant());
    }

    private double counted(String outcome) {
        return meters.get("parley.publications")
                .tag("outcome", outcome)
                .counter()
                .count();
    }

    private static final class Feed extends BinaryJedisShardedPubSub {
        private final LinkedBlockingQueue<LiveFrame> received;
        private final CompletableFuture<Void> subscribed = new CompletableFuture<>();

        Feed(LinkedBlockingQueue<LiveFrame> received) {
            this.received = received;
        }

        @Override
        public void onSSubscribe(byte[] channel, int channels) {
            subscribed.complete(null);
        }

        @Override
        public void onSMessage(byte[] channel, byte[] message) {
            received.add(LiveFrames.decode(message));
        }
    }
}
