package chat.parley.push;

import chat.parley.event.EventLog;
import chat.parley.id.UserId;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import java.util.ArrayList;
import java.util.Collection;
import java.util.function.BooleanSupplier;
import redis.clients.jedis.Response;

/**
 * In Redis, for the publishing script: who has a device in the background, and is to be woken there although another one is connected. What is true stands in {@link Devices}; these follow it.
 * Safe for use by many threads; throws {@link chat.parley.ops.StoreUnavailable} when Redis is away.
 */
public final class BackgroundHints {
    /** Two that change at once may each have to look again; more than this is left to the notifier. */
    private static final int TRIES = 3;

    private final Redis redis;

    /** {@code redis} is closed by the caller. */
    public BackgroundHints(Redis redis) {
        this.redis = redis;
    }

    /** Sets or takes the hint of one person. */
    public void set(UserId user, boolean isAnyInBackground) {
        String key = RedisKeys.background(user);
        if (isAnyInBackground) {
            redis.with(it -> it.set(key, ""));
        } else {
            redis.with(it -> it.del(key));
        }
    }

    /** Takes the hint of one person, and what was noted of pushes shown to them. */
    public void erase(UserId user) {
        redis.with(it -> it.del(RedisKeys.background(user), RedisKeys.shown(user)));
    }

    /**
     * Sets or takes the hint of one person as it is, and looks again after writing: of two that change at once, the one that writes last sees what both did.
     *
     * @param isAnyInBackground asked for what is true
     */
    public void follow(UserId user, BooleanSupplier isAnyInBackground) {
        boolean isAny = isAnyInBackground.getAsBoolean();
        for (int tries = 0; tries < TRIES; tries++) {
            set(user, isAny);
            boolean isAnyNow = isAnyInBackground.getAsBoolean();
            if (isAnyNow == isAny) {
                return;
            }
            isAny = isAnyNow;
        }
    }

    /** Sets the hints of these, in one go. */
    public void setAll(Collection<UserId> users) {
        if (users.isEmpty()) {
            return;
        }
        redis.with(it -> {
            var replies = new ArrayList<Response<String>>(users.size());
            try (var pipeline = it.pipelined()) {
                users.forEach(user -> replies.add(pipeline.set(RedisKeys.background(user), "")));
                pipeline.sync();
            }
            replies.forEach(Response::get); // throws where one was refused
            return true;
        });
    }

    /** What this Redis is now: another name after any of its servers failed over, came back from its file or was emptied, when some hints may be missing. */
    public String name() {
        return EventLog.tag(redis);
    }

    /** Whether every hint was set since Redis has this name, and is still there. */
    public boolean areCompleteIn(String name) {
        return name.equals(redis.with(it -> it.get(RedisKeys.HINTED)));
    }

    /** Notes that every hint is set. */
    public void noteCompleteIn(String name) {
        redis.with(it -> it.set(RedisKeys.HINTED, name));
    }
}
