package chat.parley.sendapi.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.account.Caller;
import chat.parley.account.Means;
import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.event.EventLog;
import chat.parley.id.DeviceId;
import chat.parley.id.IdSource;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import chat.parley.push.BackgroundHints;
import chat.parley.push.DeviceState;
import chat.parley.push.Devices;
import chat.parley.push.PushQueue;
import chat.parley.push.PushTarget.Fcm;
import chat.parley.push.PutOutcome;
import chat.parley.push.Wakes;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.sendapi.People;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.TestIds;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What hangs on devices, when Redis is away and when much happens at once. */
class MyDevicesTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    /** Nobody listens at this port. */
    private static final String NOWHERE = "redis://127.0.0.1:1";

    private static final IdSource IDS = TestIds.fresh();

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<PushQueue> opened = new ArrayList<>();
    private Postgres postgres;
    private Caller caller;

    @BeforeEach
    void open() {
        postgres = Postgres.open(POSTGRES.address(), 8);
        var user = IDS.user();
        postgres.with(db -> db.execute("""
                INSERT INTO users (id, username, display_name, search_name, created_at)
                VALUES (?, ?, 'Someone', 'someone', now())
                """, user.value(), "u" + user.value()));
        caller = new Caller(user, null, Instant.MAX, Means.BEARER);
    }

    @AfterEach
    void close() {
        opened.forEach(PushQueue::close);
        postgres.close();
    }

    @Test
    void without_redis_devices_change_all_the_same_and_it_is_counted() {
        try (var redis = Redis.open(URI.create(NOWHERE), 2);
                var events = new EventLog(redis, Clock.systemUTC(), meters)) {
            var mine = devices(redis, events);
            assertInstanceOf(PutOutcome.Created.class, put(mine, "phone"));
            assertTrue(mine.setState(user(), new DeviceId("phone"), DeviceState.BACKGROUND));
            assertEquals(DeviceState.BACKGROUND, mine.of(user()).getFirst().state());
            assertTrue(mine.remove(user(), new DeviceId("phone")));
            assertEquals(3, meters.counter("parley.devices.untold").count());
            assertThrows(StoreUnavailable.class, () -> {
                put(mine, "phone");
                mine.test(user(), new DeviceId("phone"));
            });
        }
    }

    @Test
    void a_hint_that_could_not_be_set_is_set_when_redis_is_back() throws Exception {
        try (var own = RealRedis.own(Persistence.NONE);
                var redis = Redis.open(URI.create(own.server().uri()), 4);
                var events = new EventLog(redis, Clock.systemUTC(), meters)) {
            var mine = devices(redis, events);
            put(mine, "phone");
            own.server().kill();
            assertTrue(mine.setState(user(), new DeviceId("phone"), DeviceState.BACKGROUND));
            mine.catchUp();
            own.server().restart();
            Awaitility.await().ignoreException(StoreUnavailable.class).until(() -> {
                mine.catchUp();
                return isHinted(redis);
            });
            assertTrue(mine.setState(user(), new DeviceId("phone"), DeviceState.FOREGROUND));
            mine.catchUp();
            assertFalse(isHinted(redis));
        }
    }

    private boolean isHinted(Redis redis) {
        return redis.with(it -> it.exists(RedisKeys.background(user())));
    }

    @Test
    void the_hint_is_true_after_two_devices_changed_at_once() throws Exception {
        try (var redis = Redis.open(URI.create(REDIS.uri()), 8);
                var events = new EventLog(redis, Clock.systemUTC(), meters)) {
            var mine = devices(redis, events);
            put(mine, "phone");
            put(mine, "tablet");
            for (int round = 0; round < 50; round++) {
                var phone = round % 2 == 0 ? DeviceState.BACKGROUND : DeviceState.FOREGROUND;
                var tablet = round % 3 == 0 ? DeviceState.BACKGROUND : DeviceState.FOREGROUND;
                var changes = new ArrayList<Callable<Boolean>>();
                changes.add(() -> mine.setState(user(), new DeviceId("phone"), phone));
                changes.add(() -> mine.setState(user(), new DeviceId("tablet"), tablet));
                People.atOnce(changes);
                boolean isAny = phone == DeviceState.BACKGROUND || tablet == DeviceState.BACKGROUND;
                assertEquals(isAny, isHinted(redis), "round " + round);
            }
        }
    }

    private MyDevices devices(Redis redis, EventLog events) {
        var pushes = new PushQueue(redis, Wakes.DEFAULT, everyone -> everyone, meters);
        opened.add(pushes);
        return new MyDevices(
                new Devices(postgres, Clock.systemUTC()),
                new BackgroundHints(redis),
                events,
                pushes,
                Clock.systemUTC(),
                meters);
    }

    private PutOutcome put(MyDevices mine, String id) {
        return mine.put(caller, new DeviceId(id), new Fcm(user() + id), Locale.ENGLISH, DeviceState.FOREGROUND);
    }

    private UserId user() {
        return caller.user();
    }
}
