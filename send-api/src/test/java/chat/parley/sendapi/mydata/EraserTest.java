package chat.parley.sendapi.mydata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.account.AccountSettings;
import chat.parley.account.Accounts;
import chat.parley.conversation.ConversationChanges;
import chat.parley.conversation.OwnMemberships;
import chat.parley.event.EventLog;
import chat.parley.event.GroupLog;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.json.Json;
import chat.parley.media.BlobStores;
import chat.parley.media.MediaCatalog;
import chat.parley.media.MediaCollector;
import chat.parley.media.MediaSettings;
import chat.parley.message.MessageHeads;
import chat.parley.message.MessageStore;
import chat.parley.message.PostgresMessageStore;
import chat.parley.ops.MonotonicClock;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.Outbox;
import chat.parley.postgres.Postgres;
import chat.parley.presence.PresenceLeases;
import chat.parley.push.BackgroundHints;
import chat.parley.push.Devices;
import chat.parley.push.PushChoices;
import chat.parley.push.PushErasure;
import chat.parley.redis.Redis;
import chat.parley.safety.OwnSafety;
import chat.parley.search.SearchIndex;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.sendapi.idempotency.IdempotencyKeys;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.StepClock;
import chat.parley.testkit.TestIds;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Erasures that are cut off, and when they are over. The API beside it takes requests and publishes; its own eraser never gets its turn. */
class EraserTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path blobs;

    private final StepClock clock = StepClock.at(Clock.systemUTC().instant());
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private Connection turn;
    private RunningSendApi api;
    private Postgres postgres;
    private Redis redis;
    private EventLog events;
    private MessageStore messages;
    private Outbox outbox;
    private Accounts accounts;
    private MediaCatalog catalog;
    private MediaCollector collector;
    private MarkedPerson people;
    private Traces traces;

    @BeforeEach
    void open() throws Exception {
        turn = POSTGRES.dataSource().getConnection();
        turn.createStatement().execute("SELECT pg_advisory_lock(" + Eraser.ERASER_LOCK + ")");
        var media = MediaSettings.folder(blobs);
        api = RunningSendApi.start(POSTGRES, REDIS, media);
        var now = new MonotonicClock(Clock.systemUTC());
        postgres = Postgres.open(POSTGRES.address(), 6);
        redis = Redis.open(URI.create(REDIS.uri()), 4);
        events = new EventLog(redis, now, meters);
        messages = new PostgresMessageStore(postgres, null, now, meters);
        outbox = new Outbox(postgres, meters);
        accounts = Accounts.open(new AccountSettings(null, List.of()), postgres, TestIds.fresh(), now, meters);
        catalog = new MediaCatalog(postgres, now, media.limits());
        collector = MediaCollector.start(
                catalog, BlobStores.open(Objects.requireNonNull(media.place())), List.of(), now, meters);
        traces = new Traces(POSTGRES, REDIS, blobs);
        people = new MarkedPerson(api, "xz" + Long.toString(new Random().nextLong(Long.MAX_VALUE), 36));
    }

    @AfterEach
    void close() throws Exception {
        collector.close();
        accounts.close();
        messages.close();
        outbox.close();
        events.close();
        redis.close();
        postgres.close();
        api.close();
        turn.close();
    }

    @Test
    void cut_off_anywhere_it_comes_to_the_same_end() throws Exception {
        accounts.erasures().begin(ann());
        clock.advance(Eraser.QUIET.plusSeconds(60));
        var allowed = new AtomicInteger();
        var cuts = new AtomicInteger();
        Awaitility.await().atMost(PATIENCE).until(() -> {
            var left = new AtomicInteger(allowed.getAndIncrement());
            try {
                eraser().round(() -> {
                    if (left.getAndDecrement() == 0) {
                        throw new StoreUnavailable("test", new IllegalStateException("cut off"));
                    }
                });
            } catch (StoreUnavailable e) {
                cuts.incrementAndGet();
            }
            return accounts.erasures().open(new UserId(0), 10).isEmpty();
        });
        assertTrue(cuts.get() > 10, "the test itself: cut off in " + cuts + " places");
        assertEquals(List.of(), traces.of(people.mark));
        var others = messages.after(ConversationId.parse(people.group), 0, 100);
        assertTrue(others.size() >= 4, "and perhaps a notice that somebody left");
        assertEquals("hello", others.get(1).body().text());
        var reactions = Json.MAPPER.readTree(others.get(1).state().reactions());
        assertEquals(1, reactions.size());
        assertEquals(1, reactions.get("👍").intValue());
    }

    @Test
    void it_is_over_only_when_nobody_can_have_added_anything() throws Exception {
        accounts.erasures().begin(ann());
        var eraser = eraser();
        eraser.round(() -> {});
        assertFalse(accounts.erasures().open(new UserId(0), 10).isEmpty(), "requests may be under way");
        // As a request that was let in a moment before: its message is stored after the first round.
        postgres.<Integer, RuntimeException>with(db -> db.execute(
                "UPDATE message SET text = ?, body_hash = 'x', deleted_at = NULL WHERE conversation_id = ? AND seq = 1",
                "late " + people.mark,
                ConversationId.parse(people.group).value()));
        assertFalse(traces.of(people.mark).isEmpty());
        clock.advance(Eraser.QUIET.plusSeconds(5));
        Awaitility.await().atMost(PATIENCE).until(() -> {
            clock.advance(Duration.ofSeconds(5));
            eraser.round(() -> {});
            return accounts.erasures().open(new UserId(0), 10).isEmpty();
        });
        assertEquals(List.of(), traces.of(people.mark));
        assertEquals(1, meters.counter("parley.erasures.finished").count());
    }

    private UserId ann() {
        return UserId.parse(people.ann.id());
    }

    /** A fresh one, as after a crash. */
    private Eraser eraser() {
        var memberships = new OwnMemberships(postgres);
        var changes = new ConversationChanges(postgres, MessageHeads.IN_ROWS, Clock.systemUTC());
        var steps = List.of(
                ErasureSteps.memberships(memberships, changes::leaveForGood),
                ErasureSteps.words(memberships, messages),
                ErasureSteps.choices(memberships, new OwnSafety(postgres)),
                ErasureSteps.answers(new IdempotencyKeys(postgres, Clock.systemUTC(), new Random())),
                ErasureSteps.tickets(accounts.erasures()),
                ErasureSteps.media(catalog, collector),
                ErasureSteps.presence(new PresenceLeases(redis, Clock.systemUTC())),
                ErasureSteps.search(new SearchIndex(postgres)),
                ErasureSteps.devices(
                        new Devices(postgres, clock), new PushChoices(postgres), new BackgroundHints(redis)),
                ErasureSteps.pushes(new PushErasure(redis)),
                ErasureSteps.told(outbox),
                ErasureSteps.streams(memberships, events, new GroupLog(redis)));
        return new Eraser(postgres, accounts.erasures(), steps, () -> {}, clock, meters);
    }
}
