package chat.parley.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import chat.parley.event.StreamRead.Broken;
import chat.parley.event.StreamRead.Unbroken;
import chat.parley.id.UserId;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.params.XAddParams;

/** Streams that are read together tell what each tells alone, a hole in one of them among others. */
class ManyReadsTest {
    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final int PEOPLE = 40;
    private static final int EPOCH = 1_000;

    private final StepClock clock = StepClock.started();
    private Redis redis;
    private EventLog log;

    @BeforeEach
    void open() {
        redis = Redis.open(URI.create(REDIS.uri()), 2);
        log = new EventLog(redis, clock, new SimpleMeterRegistry());
    }

    @AfterEach
    void close() {
        log.close();
        redis.close();
    }

    @Test
    void each_place_is_answered_as_if_it_were_asked_for_alone() {
        var users = new ArrayList<UserId>();
        for (int i = 0; i < PEOPLE; i++) {
            var user = new UserId(0x7000_0000L + i);
            users.add(user);
            for (int n = 1; n <= i; n++) {
                append(user, n);
            }
            if (i % 3 == 0) {
                redis.with(it -> it.xtrim(RedisKeys.stream(user), 2, false));
            }
        }
        var server = Objects.requireNonNull(log.server(users.getFirst()));
        String tag = log.tag(server);
        assertEquals(users.stream().map(user -> log.head(user, tag)).toList(), log.heads(server, users, tag));
        // From the start, from an entry in the middle, and from one that never was.
        for (int n : new int[] {0, 5, 1_000}) {
            var places = users.stream()
                    .map(user -> new EventLog.Place(user, new Cursor(EPOCH, n, clock.millis(), tag)))
                    .toList();
            var together = log.readAll(server, places, 10);
            assertEquals(PEOPLE, together.size());
            for (int i = 0; i < PEOPLE; i++) {
                var alone = log.read(users.get(i), places.get(i).after(), tag, 10);
                assertEquals(numbers(alone), numbers(together.get(i)));
            }
            if (n == 1_000) {
                together.forEach(read -> assertInstanceOf(Broken.class, read));
            }
        }
    }

    private void append(UserId user, int n) {
        byte[] key = RedisKeys.stream(user).getBytes(UTF_8);
        var event = new EncodedEvent("message.created", "m:x:" + n + ":1", clock.millis(), "{}".getBytes(UTF_8));
        redis.with(it -> it.xadd(
                key,
                Map.of("e".getBytes(UTF_8), LiveFrames.encode(event)),
                XAddParams.xAddParams().id(EPOCH + "-" + n)));
    }

    /** Null for a read that is broken. */
    private static @Nullable List<Long> numbers(@Nullable StreamRead read) {
        return read instanceof Unbroken unbroken
                ? unbroken.entries().stream().map(LiveFrame.Entry::n).toList()
                : null;
    }
}
