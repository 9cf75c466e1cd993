package chat.parley.presence;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import java.time.Duration;
import redis.clients.jedis.params.SetParams;

/** How often it is told that someone types, over all nodes. Safe for use by many threads. */
public final class TypingPace {
    /** Clients show the sign for 5 s, so that one in three seconds keeps it up. */
    public static final Duration PAUSE = Duration.ofSeconds(3);

    private final Redis redis;

    /** @param redis closed by the caller */
    public TypingPace(Redis redis) {
        this.redis = redis;
    }

    /** Whether {@code user}'s typing is to be told now; true for one call in {@link #PAUSE}. Throws {@link StoreUnavailable}. */
    public boolean isDue(ConversationId conversation, UserId user) {
        var once = SetParams.setParams().nx().px(PAUSE.toMillis());
        return redis.with(it -> it.set(RedisKeys.typing(conversation, user), "", once)) != null;
    }
}
