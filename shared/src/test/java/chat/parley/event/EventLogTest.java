package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.event.ChatEvent.MessageCreated;
import chat.parley.event.LiveFrame.Entry;
import chat.parley.event.PublishOutcome.Published;
import chat.parley.event.PublishOutcome.ToWake;
import chat.parley.event.PublishOutcome.Unpublished;
import chat.parley.event.StreamRead.Broken;
import chat.parley.event.StreamRead.Unbroken;
import chat.parley.id.ConversationId;
import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageState;
import chat.parley.push.BackgroundHints;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.BinaryJedisShardedPubSub;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.XAddParams;

class EventLogTest {
    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final UserId ANN = new UserId(0x1234_5678_9abcL);
    private static final UserId BOB = new UserId(0x1234_5678_9abdL);
    private static final ConversationId TALK = new ConversationId(0x2345_6789_abcdL);

    private final StepClock clock = StepClock.started();
    Redis redis;
    EventLog log;

    @BeforeEach
    void open() {
        redis = Redis.open(URI.create(uri()), 4);
        log = new EventLog(redis, clock, new SimpleMeterRegistry());
    }

    /** Where it runs; a single Redis, here. */
    String uri() {
        return REDIS.uri();
    }

    void emptyRedis() {
        REDIS.flushAll();
    }

    void forgetScripts() {
        try (var jedis = REDIS.jedis()) {
            jedis.scriptFlush();
        }
    }

    @AfterEach
    void close() {
        log.close();
        redis.close();
    }

    @Test
    void entries_are_numbered_from_one_in_each_stream_and_read_back_whole() {
        publish(message(1, "hello"), ANN, BOB);
        publish(message(2, "you"), BOB);

        var entries = read(BOB, start(BOB), 10);
        assertEquals(List.of(1L, 2L), numbers(entries));
        assertEquals("message.created", entries.getFirst().event().type());
        assertEquals(messageKey(1), entries.getFirst().event().key());
        assertEquals(clock.millis(), entries.getFirst().event().timeMillis());
        assertArrayEquals(
                EventJson.encode(message(1, "hello")).json(),
                entries.getFirst().event().json());
        assertEquals(List.of(1L), numbers(read(ANN, start(), 10)));
    }

    @Test
    void reading_goes_on_after_the_cursor_and_stops_at_the_limit() {
        for (int seq = 1; seq <= 5; seq++) {
            publish(message(seq, "m" + seq), ANN);
        }
        var second = read(ANN, start(), 2).getLast();
        assertEquals(List.of(3L, 4L), numbers(read(ANN, cursor(second), 2)));
        assertEquals(List.of(), read(ANN, log.head(ANN, log.tag(ANN)), 10));
        assertEquals(5, log.head(ANN, log.tag(ANN)).n());
    }

    @Test
    void a_trimmed_forged_or_foreign_cursor_is_broken_never_a_silent_hole() {
        for (int seq = 1; seq <= 3; seq++) {
            publish(message(seq, "m" + seq), ANN);
        }
        var entries = read(ANN, start(), 10);
        var first = cursor(entries.getFirst());
        assertInstanceOf(Broken.class, log.read(ANN, first, "other", 10));
        assertBroken(new Cursor(first.epoch() + 1, 1, 0, log.tag(ANN)));
        assertBroken(new Cursor(first.epoch(), 99, 0, log.tag(ANN)));
        assertBroken(new Cursor(first.epoch() - 1, 0, 0, log.tag(ANN)));
        redis.with(it -> it.xtrim(RedisKeys.stream(ANN), 2, false));
        assertBroken(first);
        assertBroken(start());
        assertEquals(1, read(ANN, cursor(entries.get(1)), 10).size());
        redis.with(it -> it.del(RedisKeys.stream(ANN)));
        assertBroken(cursor(entries.get(1)));
    }

    @Test
    void a_cursor_from_before_any_stream_breaks_once_a_stream_could_have_come_and_expired() {
        var none = log.head(ANN, log.tag(ANN));
        assertEquals(0, none.n());
        assertEquals(List.of(), read(ANN, none, 10));
        clock.advance(Duration.ofDays(3));
        assertBroken(none);
    }

    @Test
    void losing_everything_changes_the_tag() {
        var before = log.tag();
        assertEquals(before, log.tag());
        emptyRedis();
        assertNotEquals(before, log.tag());
    }

    @Test
    void a_stream_stays_bounded_and_expires() {
        for (int seq = 1; seq <= 600; seq++) {
            publish(message(seq, "m" + seq), ANN);
        }
        assertTrue(redis.with(it -> it.xlen(RedisKeys.stream(ANN))) < 400);
        assertTrue(redis.with(it -> it.ttl(RedisKeys.stream(ANN)))
                > Duration.ofDays(2).toSeconds());
    }

    @Test
    void a_stream_that_is_written_to_stays_three_days_less_an_hour_at_most() {
        publish(message(1, "made"), ANN);
        var stream = RedisKeys.stream(ANN);
        redis.with(it -> it.expire(stream, Duration.ofDays(3).minusMinutes(50).toSeconds()));
        publish(message(2, "not renewed yet"), ANN);
        assertTrue(redis.with(it -> it.ttl(stream))
                <= Duration.ofDays(3).minusMinutes(50).toSeconds());
        redis.with(it -> it.expire(stream, Duration.ofDays(3).minusMinutes(61).toSeconds()));
        publish(message(3, "renewed"), ANN);
        assertTrue(redis.with(it -> it.ttl(stream))
                > Duration.ofDays(3).minusMinutes(5).toSeconds());
    }

    @Test
    void a_lost_stream_has_a_later_successor_that_counts_anew() {
        publish(message(1, "lost"), ANN);
        publish(message(2, "lost"), ANN);
        var lost = log.head(ANN, log.tag(ANN));
        log.delete(ANN);
        Awaitility.await().until(() -> System.currentTimeMillis() > lost.epoch() % 10_000_000_000_000L);
        publish(message(3, "first again"), ANN);
        var next = log.head(ANN, log.tag(ANN));
        assertEquals(1, next.n());
        assertTrue(next.epoch() > lost.epoch());
        assertBroken(lost);
    }

    @Test
    void a_stream_of_the_version_before_goes_on_without_a_gap() throws Exception {
        var stream = RedisKeys.stream(ANN).getBytes(ISO_8859_1);
        long made = System.currentTimeMillis() - 5_000;
        for (long n = 1; n <= 2; n++) {
            var id = new StreamEntryID(made, n);
            byte[] value = LiveFrames.encode(EventJson.encode(message(n, "before")));
            redis.with(it -> it.xadd(stream, XAddParams.xAddParams().id(id), Map.of("e".getBytes(ISO_8859_1), value)));
        }
        var before = read(ANN, start(), 10);
        assertEquals(List.of(1L, 2L), numbers(before));
        assertEquals(2, read(ANN, new Cursor(made, 0, made, log.tag(ANN)), 10).size());
        try (var live = live(ANN)) {
            publish(message(3, "after"), ANN);
            assertEquals(3, assertInstanceOf(Entry.class, live.next()).n());
        }
        publish(message(4, "after"), ANN);
        assertEquals(List.of(3L, 4L), numbers(read(ANN, cursor(before.getLast()), 10)));
        assertEquals(List.of(1L, 2L, 3L, 4L), numbers(read(ANN, start(), 10)));
        assertEquals(1, read(ANN, cursor(read(ANN, start(), 3).getLast()), 10).size());
    }

    @Test
    void events_that_share_a_run_of_the_script_reach_their_own_recipients() throws Exception {
        var users = LongStream.rangeClosed(1, 90).mapToObj(UserId::new).toList();
        var publications = new ArrayList<Publication>();
        for (int seq = 1; seq <= 40; seq++) {
            publications.add(Publication.first(message(seq, "m" + seq), users.subList(seq, seq + seq)));
        }
        publications.add(Publication.repeat(message(40, "m40"), users));
        publications.add(Publication.first(message(41, "m41"), users));
        try (var live = live(users.getLast())) {
            var outcomes = log.publish(publications);
            for (int seq = 1; seq <= 40; seq++) {
                var woken =
                        assertInstanceOf(Published.class, outcomes.get(seq - 1)).toWake();
                assertEquals(
                        users.subList(seq, seq + seq),
                        woken.stream().map(ToWake::user).toList());
            }
            assertEquals(
                    messageKey(40),
                    assertInstanceOf(Entry.class, live.next()).event().key());
        }
        for (int i = 0; i < users.size(); i++) {
            var told = new ArrayList<String>();
            for (int seq = 1; seq <= 41; seq++) {
                if (seq >= 40 || (seq <= i && i < seq + seq)) {
                    told.add(messageKey(seq));
                }
            }
            var keys = read(users.get(i), start(users.get(i)), 100).stream()
                    .map(entry -> entry.event().key())
                    .toList();
            assertEquals(told, keys);
        }
    }

    @Test
    void a_repeat_is_left_out_where_the_stream_has_it_and_added_where_it_has_not() {
        publish(message(1, "hello"), ANN);
        publish(message(2, "later"), ANN);
        var outcome = log.publish(List.of(Publication.repeat(message(1, "hello"), List.of(ANN, BOB))))
                .getFirst();
        var toWake = assertInstanceOf(Published.class, outcome).toWake();
        assertEquals(List.of(ANN, BOB), toWake.stream().map(ToWake::user).toList());
        assertEquals(List.of(true, false), toWake.stream().map(ToWake::before).toList());
        assertEquals(0, toWake.getFirst().resumeFrom().n());
        assertEquals(2, read(ANN, start(), 10).size());
        assertEquals(1, read(BOB, start(BOB), 10).size());
    }

    @Test
    void who_is_absent_is_told_with_the_position_to_resume_from() throws Exception {
        publish(message(1, "before"), ANN);
        try (var live = live(ANN)) {
            var outcome = publish(message(2, "hello"), ANN, BOB);
            assertEquals(
                    List.of(BOB), outcome.toWake().stream().map(ToWake::user).toList());
            var entry = assertInstanceOf(Entry.class, live.next());
            assertEquals(2, entry.n());
            assertArrayEquals(
                    EventJson.encode(message(2, "hello")).json(), entry.event().json());

            var resumeFrom = outcome.toWake().getFirst().resumeFrom();
            assertEquals(List.of(1L), numbers(read(BOB, resumeFrom, 10)));
        }
    }

    @Test
    void who_is_connected_is_woken_too_where_a_device_is_in_the_background() throws Exception {
        var hints = new BackgroundHints(redis);
        try (var ann = live(ANN);
                var bob = live(BOB)) {
            hints.set(ANN, true);
            var outcome = publish(message(1, "hello"), ANN, BOB);
            assertEquals(1, assertInstanceOf(Entry.class, ann.next()).n());
            assertEquals(1, assertInstanceOf(Entry.class, bob.next()).n());
            var wake = outcome.toWake().getFirst();
            assertEquals(List.of(wake), outcome.toWake());
            assertEquals(new ToWake(ANN, wake.resumeFrom(), false, true), wake);
            assertEquals(List.of(1L), numbers(read(ANN, wake.resumeFrom(), 10)));

            var repeated = assertInstanceOf(
                    Published.class,
                    log.publish(List.of(Publication.repeat(message(1, "hello"), List.of(ANN, BOB))))
                            .getFirst());
            assertEquals(List.of(new ToWake(ANN, wake.resumeFrom(), true, true)), repeated.toWake());

            hints.set(ANN, false);
            assertEquals(List.of(), publish(message(2, "again"), ANN, BOB).toWake());
        }
    }

    @Test
    void a_long_event_is_stored_as_a_reference_and_published_whole() throws Exception {
        var text = "x".repeat(5_000);
        try (var live = live(ANN)) {
            publish(message(1, text), ANN);
            var entry = assertInstanceOf(Entry.class, live.next());
            assertArrayEquals(
                    EventJson.encode(message(1, text)).json(), entry.event().json());
        }
        var stored = read(ANN, start(), 10).getFirst();
        assertTrue(stored.event().isReference());
        assertEquals(messageKey(1), stored.event().key());
    }

    @Test
    void an_ended_session_is_told_and_not_stored() throws Exception {
        try (var live = live(ANN)) {
            log.sessionEnded(ANN, new SessionId(77));
            assertEquals(new LiveFrame.SessionEnded(new SessionId(77)), live.next());
            log.sessionPaused(ANN, new SessionId(78));
            assertEquals(new LiveFrame.SessionPaused(new SessionId(78)), live.next());
        }
        assertEquals(0, log.head(ANN, log.tag(ANN)).n());
    }

    @Test
    void many_recipients_get_it_by_several_runs_of_the_script() {
        var users = LongStream.rangeClosed(1, 250).mapToObj(UserId::new).toList();
        var outcome = log.publish(List.of(Publication.first(message(1, "all"), users)))
                .getFirst();
        assertEquals(
                users,
                assertInstanceOf(Published.class, outcome).toWake().stream()
                        .map(ToWake::user)
                        .toList());
        assertEquals(1, read(users.getLast(), start(users.getLast()), 10).size());
    }

    @Test
    void the_order_of_calls_is_the_order_in_the_stream() {
        var results = LongStream.rangeClosed(1, 150)
                .mapToObj(seq -> log.submit(Publication.first(message(seq, "m"), List.of(ANN))))
                .toList();
        results.forEach(result -> assertInstanceOf(Published.class, result.join()));
        var keys = read(ANN, start(), 200).stream()
                .map(entry -> entry.event().key())
                .toList();
        assertEquals(
                LongStream.rangeClosed(1, 150).mapToObj(seq -> messageKey(seq)).toList(), keys);
    }

    @Test
    void a_forgotten_script_is_loaded_again() {
        publish(message(1, "hello"), ANN);
        forgetScripts();
        publish(message(2, "again"), ANN);
        assertEquals(2, read(ANN, start(), 10).size());
    }

    @Test
    void while_redis_is_away_publishing_fails_at_once_and_works_again_when_it_is_back() throws Exception {
        try (var own = RealRedis.own(Persistence.NONE);
                var ownRedis = Redis.open(URI.create(own.server().uri()), 4);
                var ownLog = new EventLog(ownRedis, clock, new SimpleMeterRegistry())) {
            var hello = List.of(Publication.first(message(1, "hello"), List.of(ANN)));
            assertInstanceOf(Published.class, ownLog.publish(hello).getFirst());
            var tag = ownLog.tag();
            own.server().kill();
            assertInstanceOf(Unpublished.class, ownLog.publish(hello).getFirst());
            long started = System.nanoTime();
            for (int i = 0; i < 1_000; i++) {
                assertInstanceOf(Unpublished.class, ownLog.publish(hello).getFirst());
            }
            assertTrue(System.nanoTime() - started < TimeUnit.SECONDS.toNanos(10));
            own.server().restart();
            Awaitility.await()
                    .untilAsserted(() -> assertInstanceOf(
                            Published.class, ownLog.publish(hello).getFirst()));
            assertNotEquals(tag, ownLog.tag());
        }
    }

    @Test
    void a_full_redis_refuses_and_nobody_waits() throws Exception {
        try (var own = RealRedis.own(Persistence.NONE);
                var ownRedis = Redis.open(URI.create(own.server().uri()), 4);
                var ownLog = new EventLog(ownRedis, clock, new SimpleMeterRegistry())) {
            var hello = List.of(Publication.first(message(1, "hello"), List.of(ANN)));
            ownRedis.with(it -> it.configSet("maxmemory", "1"));
            assertInstanceOf(Unpublished.class, ownLog.publish(hello).getFirst());
            ownRedis.with(it -> it.configSet("maxmemory", "0"));
            Awaitility.await()
                    .untilAsserted(() -> assertInstanceOf(
                            Published.class, ownLog.publish(hello).getFirst()));
        }
    }

    @Test
    void a_closed_log_answers_unpublished() {
        log.close();
        var outcome = log.publish(List.of(Publication.first(message(1, "late"), List.of(ANN))))
                .getFirst();
        assertInstanceOf(Unpublished.class, outcome);
        assertEquals(false, redis.with(it -> it.exists(RedisKeys.stream(ANN))));
    }

    private Published publish(ChatEvent event, UserId... recipients) {
        var outcome = log.publish(List.of(Publication.first(event, List.of(recipients))))
                .getFirst();
        return assertInstanceOf(Published.class, outcome);
    }

    private List<Entry> read(UserId user, Cursor after, int limit) {
        return assertInstanceOf(Unbroken.class, log.read(user, after, log.tag(user), limit))
                .entries();
    }

    private void assertBroken(Cursor cursor) {
        assertInstanceOf(Broken.class, log.read(ANN, cursor, log.tag(ANN), 10));
    }

    /** Of someone who connected, a moment ago, before there was a stream. */
    private Cursor start() {
        return start(ANN);
    }

    private Cursor start(UserId user) {
        return new Cursor(0, 0, System.currentTimeMillis(), log.tag(user));
    }

    private Cursor cursor(Entry entry) {
        return new Cursor(entry.epoch(), entry.n(), entry.event().timeMillis(), log.tag(ANN));
    }

    private static List<Long> numbers(List<Entry> entries) {
        return entries.stream().map(Entry::n).toList();
    }

    MessageCreated message(long seq, String text) {
        var body = MessageBody.text(text);
        return new MessageCreated(
                new Message(TALK, seq, ANN, "c" + seq, body, clock.instant(), MessageState.NEW), null);
    }

    private Live live(UserId user) throws InterruptedException {
        return new Live(redis, user);
    }

    /** Subscribed to one user's live channel. */
    private static final class Live implements AutoCloseable {
        private final BlockingQueue<LiveFrame> frames = new LinkedBlockingQueue<>();
        private final CountDownLatch subscribed = new CountDownLatch(1);
        private final BinaryJedisShardedPubSub subscription = new BinaryJedisShardedPubSub() {
            @Override
            public void onSMessage(byte[] channel, byte[] message) {
                frames.add(LiveFrames.decode(message));
            }

            @Override
            public void onSSubscribe(byte[] channel, int channels) {
                subscribed.countDown();
            }
        };
        private final Thread thread;

        Live(Redis redis, UserId user) throws InterruptedException {
            byte[] channel = RedisKeys.live(user).getBytes(ISO_8859_1);
            var server = Objects.requireNonNull(redis.holder(channel));
            thread = Thread.ofVirtual().start(() -> {
                try (var connection = redis.subscribing(server, Duration.ofSeconds(30))) {
                    subscription.proceed(connection, channel);
                }
            });
            assertTrue(subscribed.await(5, TimeUnit.SECONDS));
        }

        LiveFrame next() throws InterruptedException {
            var frame = frames.poll(5, TimeUnit.SECONDS);
            return assertInstanceOf(LiveFrame.class, frame);
        }

        @Override
        public void close() throws InterruptedException {
            subscription.sunsubscribe();
            thread.join();
        }
    }

    private static String messageKey(long seq) {
        return "m:" + TALK + ":" + seq + ":1";
    }
}
