package chat.parley.push;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.redis.RedisScript;
import java.time.Duration;
import java.util.List;

/**
 * Which conversations devices of a person may still show a push of, so that reading elsewhere takes it back, and only then. Losing it costs a notification
 * that stays until the app is opened. Safe for use by many threads; throws {@link StoreUnavailable}.
 */
public final class ShownPushes {
    /** Longer than anyone leaves a notification. */
    private static final Duration MEMORY = Duration.ofDays(7);

    private static final RedisScript NOTE = RedisScript.named("push_note_shown");
    private static final RedisScript TAKE = RedisScript.named("push_take_shown");

    private final Redis redis;

    /** @param redis closed by the caller */
    public ShownPushes(Redis redis) {
        this.redis = redis;
    }

    /** Notes that a push about this message goes out. What was noted of a newer one stays. */
    public void note(UserId user, ConversationId conversation, long seq) {
        var arguments = List.of(conversation.toString(), Long.toString(seq), Long.toString(MEMORY.toSeconds()));
        var unused = NOTE.run(redis, List.of(RedisKeys.shown(user)), arguments);
    }

    /** The newest message of the conversation that a push went out about and that was not taken since; 0 where there is none. */
    public long newest(UserId user, ConversationId conversation) {
        String seq = redis.with(it -> it.hget(RedisKeys.shown(user), conversation.toString()));
        return seq == null ? 0 : Long.parseLong(seq);
    }

    /** Whether anything of the conversation may be shown. */
    public boolean isAny(UserId user, ConversationId conversation) {
        return redis.with(it -> it.hexists(RedisKeys.shown(user), conversation.toString()));
    }

    /** Forgets what is shown of the conversation, if it is read up to {@code readSeq}; true for one caller only. */
    public boolean take(UserId user, ConversationId conversation, long readSeq) {
        var arguments = List.of(conversation.toString(), Long.toString(readSeq));
        return ((Number) TAKE.run(redis, List.of(RedisKeys.shown(user)), arguments)).intValue() == 1;
    }
}
