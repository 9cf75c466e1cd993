package chat.parley.push;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealRedis;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ShownPushesTest {
    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final UserId BOB = new UserId(11);
    private static final ConversationId TALK = new ConversationId(22);

    @Test
    void what_is_shown_is_taken_once_and_only_when_it_was_read() {
        try (var redis = Redis.open(URI.create(REDIS.uri()), 2)) {
            var shown = new ShownPushes(redis);
            assertFalse(shown.isAny(BOB, TALK));
            shown.note(BOB, TALK, 7);
            shown.note(BOB, TALK, 5);
            assertEquals(7, shown.newest(BOB, TALK), "it never goes back");
            assertTrue(shown.isAny(BOB, TALK));
            assertFalse(shown.isAny(BOB, new ConversationId(23)));
            assertFalse(shown.take(BOB, TALK, 6), "7 is not read");
            assertTrue(shown.take(BOB, TALK, 7));
            assertFalse(shown.take(BOB, TALK, 7), "once");
            assertFalse(shown.isAny(BOB, TALK));
            shown.note(BOB, TALK, 8);
            assertTrue(redis.<Long>with(it -> it.ttl(RedisKeys.shown(BOB)))
                    > Duration.ofDays(6).toSeconds());
        }
    }
}
