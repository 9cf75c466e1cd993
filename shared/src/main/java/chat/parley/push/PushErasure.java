package chat.parley.push;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.id.UserId;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import java.util.ArrayList;
import java.util.List;

/** Takes a person's jobs out of the queue. Safe for use by many threads; throws {@link chat.parley.ops.StoreUnavailable} when Redis is away. */
public final class PushErasure {
    /** Jobs looked at by one command: a millisecond of Redis. The queue is mostly empty. */
    private static final int PAGE = 1_000;

    private static final byte[] KEY = RedisKeys.PUSH.getBytes(ISO_8859_1);
    private static final byte[] END = "+".getBytes(ISO_8859_1);

    private final Redis redis;

    /** {@code redis} is closed by the caller. */
    public PushErasure(Redis redis) {
        this.redis = redis;
    }

    /** Deletes all jobs that wake {@code user}; a worker that claimed one finds it gone. */
    public void erase(UserId user) {
        String mine = user.value() + " ";
        byte[] from = "-".getBytes(ISO_8859_1);
        List<Object> page;
        do {
            var start = from;
            page = redis.with(it -> it.xrange(KEY, start, END, PAGE));
            var gone = new ArrayList<byte[]>();
            for (var entry : page) {
                var idAndFields = (List<?>) entry;
                byte[] id = (byte[]) idAndFields.getFirst();
                byte[] job = (byte[]) ((List<?>) idAndFields.get(1)).get(1);
                if (new String(job, ISO_8859_1).startsWith(mine)) {
                    gone.add(id);
                }
                from = ("(" + new String(id, ISO_8859_1)).getBytes(ISO_8859_1);
            }
            if (!gone.isEmpty()) {
                redis.with(it -> it.xdel(KEY, gone.toArray(byte[][]::new)));
            }
        } while (page.size() == PAGE);
    }
}
