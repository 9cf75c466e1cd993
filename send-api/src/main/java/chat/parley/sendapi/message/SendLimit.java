package chat.parley.sendapi.message;

import chat.parley.id.UserId;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import com.github.benmanes.caffeine.cache.Ticker;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How fast one person may send. Counted in this process only: behind a balancer that spreads evenly over n nodes, n times as much gets through.
 * Safe for use by many threads.
 */
public final class SendLimit {
    /** The window in which the whole quota comes back, bit by bit. */
    static final Duration WINDOW = Duration.ofMinutes(1);

    /** The least recently used go first; some 200 bytes each. */
    private static final int COUNTED_MAX = 100_000;

    private final int quota;
    private final LoadingCache<UserId, Bucket> buckets;

    /** @param quota sends in a minute */
    public SendLimit(int quota, Ticker ticker) {
        this.quota = quota;
        var time = new TimeMeter() {
            @Override
            public long currentTimeNanos() {
                return ticker.read();
            }

            @Override
            public boolean isWallClockBased() {
                return false;
            }
        };
        this.buckets = Caffeine.newBuilder()
                .ticker(ticker)
                .maximumSize(COUNTED_MAX)
                .expireAfterAccess(WINDOW)
                .build(user -> Bucket.builder()
                        .withCustomTimePrecision(time)
                        .addLimit(limit -> limit.capacity(quota).refillGreedy(quota, WINDOW))
                        .build());
    }

    /**
     * What a send came to.
     *
     * @param remaining sends left
     * @param secondsToWait until there is one more; 0 when there is one left
     */
    record Count(boolean allowed, long remaining, long secondsToWait) {}

    /** Counts one send. */
    Count count(UserId sender) {
        var probe = buckets.get(sender).tryConsumeAndReturnRemaining(1);
        if (probe.isConsumed()) {
            return new Count(true, probe.getRemainingTokens(), 0);
        }
        // Rounded up: a client that waits exactly as long as it was told must be let in.
        return new Count(false, 0, TimeUnit.NANOSECONDS.toSeconds(probe.getNanosToWaitForRefill()) + 1);
    }

    /** Sends in a {@link #WINDOW}. */
    int quota() {
        return quota;
    }
}
