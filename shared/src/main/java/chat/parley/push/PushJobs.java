package chat.parley.push;

import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.redis.RedisScript;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The reading side of the push jobs. A job belongs to who claimed it until it is settled or the lease is over: then it is due again, so each job is worked
 * on at least once, and one that is never settled is set aside in the end. Safe for use by many threads; methods throw {@link StoreUnavailable}.
 */
public final class PushJobs {
    /** Far longer than a push takes: its vendor has 10 s to answer. A job that is not settled by then is taken for its notifier's death. */
    public static final Duration LEASE = Duration.ofSeconds(30);

    /** A job that was claimed this often and never settled has killed that many notifiers, or found none that could work on it. */
    public static final int CLAIMS_MAX = 5;

    /** As {@code redis/push_claim.lua} has it. */
    static final String ASIDE_FIELD = "j";

    private static final RedisScript CLAIM = RedisScript.named("push_claim");
    private static final RedisScript SETTLE = RedisScript.named("push_settle");
    private static final RedisScript DROP = RedisScript.named("push_drop");

    private final Redis redis;
    private final Duration lease;

    /** @param redis closed by the caller */
    public PushJobs(Redis redis) {
        this(redis, LEASE);
    }

    /** The same with another lease. */
    public PushJobs(Redis redis, Duration lease) {
        this.redis = redis;
        this.lease = lease;
    }

    /**
     * A job in the caller's hands.
     *
     * @param text its name in the queue
     * @param job null where what stands in the queue is no job of ours
     */
    public record Claimed(String text, @Nullable PushJob job) {}

    /**
     * What one look at the queue gave.
     *
     * @param setAside how many jobs were set aside by it
     */
    public record Claim(List<Claimed> jobs, int setAside) {}

    /** A job for later. */
    public record Later(PushJob job, Duration delay) {}

    /** How many jobs there are: waiting, due or being worked on; and how many of the newest ones were set aside. */
    public record Backlog(long jobs, long setAside) {}

    /** Jobs that are due, longest due first, at most {@code max}. */
    public Claim claim(int max) {
        var keys = List.of(RedisKeys.PUSH_JOBS, RedisKeys.PUSH_CLAIMS, RedisKeys.PUSH_ASIDE);
        var arguments = List.of(Integer.toString(max), Long.toString(lease.toMillis()), Integer.toString(CLAIMS_MAX));
        var answer = (List<?>) CLAIM.run(redis, keys, arguments);
        int setAside = ((Number) answer.getFirst()).intValue();
        var jobs = answer.stream().skip(1).map(text -> claimed((String) text)).toList();
        return new Claim(jobs, setAside);
    }

    /** The job needs no more work but what {@code left} says. A job that is gone meanwhile leaves nothing. */
    public void settle(Claimed job, List<Later> left) {
        var arguments = new ArrayList<String>(1 + 2 * left.size());
        arguments.add(job.text);
        for (var later : left) {
            arguments.add(Long.toString(later.delay.toMillis()));
            arguments.add(PushJobText.of(later.job));
        }
        SETTLE.run(redis, List.of(RedisKeys.PUSH_JOBS, RedisKeys.PUSH_CLAIMS), arguments);
    }

    /** None of these jobs, at most as many as one claim gives, needs any more work. */
    public void drop(List<Claimed> jobs) {
        if (!jobs.isEmpty()) {
            var texts = jobs.stream().map(Claimed::text).toList();
            DROP.run(redis, List.of(RedisKeys.PUSH_JOBS, RedisKeys.PUSH_CLAIMS), texts);
        }
    }

    /** How much there is. */
    public Backlog backlog() {
        return redis.with(it -> new Backlog(it.zcard(RedisKeys.PUSH_JOBS), it.xlen(RedisKeys.PUSH_ASIDE)));
    }

    /** Jobs that were set aside, newest first, as they stood in the queue. */
    public List<String> setAside(int limit) {
        var found = redis.with(it -> it.xrevrange(RedisKeys.PUSH_ASIDE, "+", "-", limit));
        return found.stream()
                .map(entry -> entry.getID() + " " + entry.getFields().get(ASIDE_FIELD))
                .toList();
    }

    private static Claimed claimed(String text) {
        try {
            return new Claimed(text, PushJobText.parse(text));
        } catch (IllegalArgumentException e) {
            return new Claimed(text, null);
        }
    }
}
