package chat.parley.sendapi.http;

import chat.parley.id.UserId;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import com.github.benmanes.caffeine.cache.Ticker;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * How fast one person may do one kind of thing. Counted in this process only: behind a balancer that spreads evenly over n nodes, n times as much gets through.
 * Safe for use by many threads.
 */
public final class RateLimit {
    /** The window in which the whole quota comes back, bit by bit. */
    static final Duration WINDOW = Duration.ofMinutes(1);

    /** The least recently used go first; some 200 bytes each. */
    private static final int COUNTED_MAX = 100_000;

    private final Duration window;
    private final String policy;
    private final int quota;
    private final LoadingCache<UserId, Bucket> buckets;

    /**
     * @param policy its name in headers and at {@code docs/protocol.md}
     * @param quota requests of one person in a minute
     */
    public RateLimit(String policy, int quota, Ticker ticker) {
        this(policy, quota, WINDOW, ticker);
    }

    /** The same in another time than a minute. */
    public RateLimit(String policy, int quota, Duration window, Ticker ticker) {
        this.policy = policy;
        this.window = window;
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
                .expireAfterAccess(window)
                .build(user -> Bucket.builder()
                        .withCustomTimePrecision(time)
                        .addLimit(limit -> limit.capacity(quota).refillGreedy(quota, window))
                        .build());
    }

    /** Counts one request of {@code person} and says in headers what is left; refuses it when nothing is. */
    public void count(Context http, UserId person) {
        count(http::header, person);
    }

    /** The same, saying it by {@code header}. */
    public void count(BiConsumer<String, String> header, UserId person) {
        var probe = buckets.get(person).tryConsumeAndReturnRemaining(1);
        // Rounded up: a client that waits exactly as long as it was told must be let in.
        long wait = probe.isConsumed() ? 0 : TimeUnit.NANOSECONDS.toSeconds(probe.getNanosToWaitForRefill()) + 1;
        header.accept("RateLimit-Policy", "\"" + policy + "\";q=" + quota + ";w=" + window.toSeconds());
        header.accept("RateLimit", "\"" + policy + "\";r=" + probe.getRemainingTokens() + ";t=" + wait);
        if (!probe.isConsumed()) {
            header.accept("Retry-After", Long.toString(wait));
            throw new ProblemException(Fault.TOO_MANY_REQUESTS);
        }
    }
}
