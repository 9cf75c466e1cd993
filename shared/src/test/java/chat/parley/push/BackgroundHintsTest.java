package chat.parley.push;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import chat.parley.id.UserId;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealRedis;
import java.net.URI;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BackgroundHintsTest {
    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final UserId ONE = new UserId(11);
    private static final UserId OTHER = new UserId(12);

    private Redis redis;
    private BackgroundHints hints;

    @BeforeEach
    void open() {
        redis = Redis.open(URI.create(REDIS.uri()), 4);
        hints = new BackgroundHints(redis);
    }

    @AfterEach
    void close() {
        redis.close();
    }

    @Test
    void a_hint_is_there_from_the_first_device_in_the_background_until_the_last() {
        hints.set(ONE, true);
        hints.set(ONE, true);
        assertEquals(Set.of(RedisKeys.background(ONE)), keys());
        try (var jedis = REDIS.jedis()) {
            assertEquals(-1, jedis.ttl(RedisKeys.background(ONE)), "it does not expire");
        }
        hints.set(ONE, false);
        assertEquals(Set.of(), keys());
        hints.set(ONE, false);
        assertEquals(Set.of(), keys());
    }

    @Test
    void many_are_set_in_one_go() {
        hints.setAll(List.of());
        hints.setAll(List.of(ONE, OTHER));
        assertEquals(Set.of(RedisKeys.background(ONE), RedisKeys.background(OTHER)), keys());
    }

    @Test
    void a_redis_that_was_emptied_has_another_name() {
        String before = hints.name();
        assertEquals(before, hints.name());
        try (var jedis = REDIS.jedis()) {
            jedis.flushAll();
        }
        assertNotEquals(before, hints.name());
    }

    private static Set<String> keys() {
        try (var jedis = REDIS.jedis()) {
            return jedis.keys("b:*");
        }
    }
}
