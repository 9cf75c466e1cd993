package chat.parley.push;

import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import java.util.ArrayList;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.ScanParams;

/** Takes a person's jobs out of the queue. Safe for use by many threads; throws {@link StoreUnavailable} when Redis is away. */
public final class PushErasure {
    /** Jobs looked at by one command: a millisecond of Redis. The queue is mostly empty. */
    private static final int PAGE = 1_000;

    private final Redis redis;

    /** {@code redis} is closed by the caller. */
    public PushErasure(Redis redis) {
        this.redis = redis;
    }

    /** Deletes all jobs that wake {@code user}; a notifier that claimed one finds it gone. */
    public void erase(UserId user) {
        var matching = new ScanParams().match(PushJobText.patternOf(user)).count(PAGE);
        String position = ScanParams.SCAN_POINTER_START;
        do {
            String from = position;
            var page = redis.with(it -> it.zscan(RedisKeys.PUSH_JOBS, from, matching));
            for (var job : page.getResult()) {
                redis.with(it -> it.zrem(RedisKeys.PUSH_JOBS, job.getElement())
                        + it.hdel(RedisKeys.PUSH_CLAIMS, job.getElement()));
            }
            position = page.getCursor();
        } while (!position.equals(ScanParams.SCAN_POINTER_START));
        eraseSetAside(user);
    }

    private void eraseSetAside(UserId user) {
        String mine = " " + user.value() + " "; // after the letter of its kind
        var gone = new ArrayList<StreamEntryID>();
        for (var entry : redis.with(it -> it.xrange(RedisKeys.PUSH_ASIDE, "-", "+"))) {
            String job = entry.getFields().get(PushJobs.ASIDE_FIELD);
            if (job != null && job.startsWith(mine, 1)) {
                gone.add(entry.getID());
            }
        }
        if (!gone.isEmpty()) {
            redis.with(it -> it.xdel(RedisKeys.PUSH_ASIDE, gone.toArray(StreamEntryID[]::new)));
        }
    }
}
