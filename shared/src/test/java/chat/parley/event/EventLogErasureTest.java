package chat.parley.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.ChatEvent.MessageCreated;
import chat.parley.event.LiveFrame.Entry;
import chat.parley.event.StreamRead.Broken;
import chat.parley.event.StreamRead.Unbroken;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageState;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What happens to a stream when somebody whose words it holds is erased. */
class EventLogErasureTest {
    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final UserId ANN = new UserId(0x1234_5678_9abcL);
    private static final UserId BOB = new UserId(0x1234_5678_9abdL);
    private static final UserId EVE = new UserId(0x1234_5678_9abeL);
    private static final ConversationId TALK = new ConversationId(0x2345_6789_abcdL);

    private final StepClock clock = StepClock.started();
    private Redis redis;
    private EventLog log;

    @BeforeEach
    void open() {
        redis = Redis.open(URI.create(REDIS.uri()), 4);
        log = new EventLog(redis, clock, new SimpleMeterRegistry());
    }

    @AfterEach
    void close() {
        log.close();
        redis.close();
    }

    @Test
    void only_the_words_of_the_erased_go_and_the_rest_keeps_its_place() {
        tell(sent(1, BOB, "mine"));
        tell(sent(2, ANN, "secret"));
        tell(sent(3, BOB, "\"sender_id\":\"" + ANN + "\""));
        tell(new ChatEvent.ReactionAdded(message(3, BOB, "x", MessageState.NEW), "🙃", ANN, clock.instant()));
        tell(new ChatEvent.ReadAdvanced(TALK, ANN, 3, clock.instant()));
        var all = entries();

        assertEquals(2, log.erase(EVE, ANN, clock.instant()));
        assertEquals(List.of(1L, 3L, 5L), entries().stream().map(Entry::n).toList());
        assertEquals(0, log.erase(EVE, ANN, clock.instant()));
        try (var jedis = REDIS.jedis()) {
            var bytes = new String(jedis.dump(RedisKeys.stream(EVE)), StandardCharsets.UTF_8);
            assertFalse(bytes.contains("secret") || bytes.contains("🙃"), "not even behind a mark of deletion");
            assertTrue(jedis.ttl(RedisKeys.stream(EVE)) > 0, "it still expires");
        }
        assertEquals(2, unbroken(all.get(0)).size(), "over the hole, exactly");
        assertInstanceOf(Broken.class, log.read(EVE, cursor(all.get(1)), log.tag(), 10), "told from history");
    }

    @Test
    void numbers_go_on_where_they_were_also_behind_a_last_entry_that_went() {
        tell(sent(1, BOB, "one"));
        tell(sent(2, ANN, "two"));
        log.erase(EVE, ANN, clock.instant().plusSeconds(1));
        assertEquals(1, log.head(EVE, log.tag()).n());
        tell(sent(3, ANN, "three"));
        log.erase(EVE, ANN, clock.instant().plusSeconds(1));
        tell(sent(4, BOB, "four"));
        assertEquals(List.of(1L, 4L), entries().stream().map(Entry::n).toList());
    }

    @Test
    void a_stream_of_nothing_else_begins_anew_and_old_cursors_know() {
        tell(sent(1, ANN, "one"));
        var old = cursor(entries().getFirst());
        log.erase(EVE, ANN, clock.instant().plusSeconds(1));
        assertEquals(0, log.head(EVE, log.tag()).n());
        // Streams are told apart by the millisecond in which they were made.
        Awaitility.await().until(() -> System.currentTimeMillis() > old.epoch() % 10_000_000_000_000L);
        tell(sent(2, BOB, "two"));
        assertInstanceOf(Broken.class, log.read(EVE, old, log.tag(), 10));
    }

    @Test
    void what_tells_of_the_erasure_stays_and_what_was_deleted_before_goes() {
        var before = clock.instant();
        var deleted = new MessageState(2, null, null, before, before);
        tell(new ChatEvent.MessageDeleted(message(1, ANN, null, deleted), ANN, before));
        clock.advance(Duration.ofSeconds(10));
        var erased = clock.instant();
        tell(new ChatEvent.MessageDeleted(
                message(2, ANN, null, new MessageState(2, null, null, erased, erased)), ANN, erased));
        tell(sent(3, ANN, "just before it was refused"));
        assertEquals(2, log.erase(EVE, ANN, erased));
        assertEquals(List.of(2L), entries().stream().map(Entry::n).toList());
    }

    @Test
    void in_the_stream_of_a_large_group_no_entry_loses_its_place() {
        var group = new GroupLog(redis);
        long end = group.end(TALK).n();
        for (var event : List.of(sent(1, BOB, "mine"), sent(2, ANN, "secret"), sent(3, ANN, "another secret"))) {
            log.publish(List.of(Publication.toGroup(event, 0, Publication.Mode.FIRST)));
        }
        assertEquals(2, group.erase(TALK, ANN, clock.instant().plusSeconds(1)));
        assertEquals(0, group.erase(TALK, ANN, clock.instant().plusSeconds(1)));
        var all = group.after(TALK, GroupLog.Place.START, 10);
        assertEquals(end + 3, all.getLast().n());
        assertTrue(new GroupLog.Place(0, all.getFirst().n() - 1).isBefore(all), "none is missing");
        var last = all.getLast().event();
        assertTrue(last.isReference(), "history has it");
        assertEquals("message.created", last.type());
        log.publish(List.of(Publication.toGroup(sent(4, BOB, "four"), 0, Publication.Mode.FIRST)));
        assertEquals(
                1,
                group.next(TALK, GroupLog.Place.of(all.getLast()), 10)
                        .orElseThrow()
                        .size());
    }

    private void tell(ChatEvent event) {
        assertInstanceOf(
                PublishOutcome.Published.class,
                log.publish(List.of(Publication.first(event, List.of(EVE)))).getFirst());
    }

    private List<Entry> entries() {
        var start = new Cursor(0, 0, System.currentTimeMillis(), log.tag());
        if (log.read(EVE, start, log.tag(), 100) instanceof Unbroken unbroken) {
            return unbroken.entries();
        }
        try (var jedis = REDIS.jedis()) {
            return jedis.xrange(RedisKeys.stream(EVE), "-", "+").stream()
                    .map(entry -> LiveFrames.entry(
                            entry.getID().toString().getBytes(StandardCharsets.US_ASCII),
                            String.valueOf(entry.getFields().get("e")).getBytes(StandardCharsets.UTF_8)))
                    .toList();
        }
    }

    private List<Entry> unbroken(Entry after) {
        return assertInstanceOf(Unbroken.class, log.read(EVE, cursor(after), log.tag(), 100))
                .entries();
    }

    private Cursor cursor(Entry entry) {
        return new Cursor(entry.epoch(), entry.n(), entry.event().timeMillis(), log.tag());
    }

    private MessageCreated sent(long seq, UserId sender, String text) {
        return new MessageCreated(message(seq, sender, text, MessageState.NEW), null);
    }

    private Message message(long seq, UserId sender, @Nullable String text, MessageState state) {
        var body = new MessageBody(MessageBody.Type.TEXT, text, null, null, List.of(), null, null);
        return new Message(TALK, seq, sender, "c" + seq, body, Instant.ofEpochMilli(clock.millis()), state);
    }
}
