package chat.parley.sendapi.account;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import com.github.benmanes.caffeine.cache.Ticker;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Counts failed logins for each account and for each address, in this process: with n nodes behind a balancer that spreads evenly, n times as many get
 * through. Names that nobody has are counted like others, so the count tells nothing. Safe for use by many threads.
 */
final class LoginTries {
    /** The window in which the tries come back, one by one. */
    static final Duration WINDOW = Duration.ofMinutes(15);

    /** For a person who mistypes more than enough; for a guesser 960 a day, against 8 characters or more. */
    static final int PER_ACCOUNT = 10;

    /** An office behind one address mistypes more; a guesser who goes through the names gets this many. */
    static final int PER_ADDRESS = 60;

    /** The least recently used go first. To push a count out, an attacker needs this many names or addresses. */
    private static final int COUNTED_MAX = 100_000;

    private final LoadingCache<String, Bucket> accounts;
    private final LoadingCache<String, Bucket> addresses;

    LoginTries(Ticker ticker) {
        accounts = buckets(PER_ACCOUNT, ticker);
        addresses = buckets(PER_ADDRESS, ticker);
    }

    /**
     * What a try came to.
     *
     * @param allowed whether to compare the password at all
     * @param quota of the limit that is nearer to its end, which the next two are about
     * @param remaining tries left
     * @param nextIn until there is one more try; zero when there is one left
     */
    record Try(boolean allowed, int quota, long remaining, Duration nextIn) {}

    /** Takes one try of both; a refused try takes none. */
    Try take(String account, String address) {
        var byAddress = take(addresses.get(address), PER_ADDRESS);
        if (!byAddress.allowed()) {
            return byAddress;
        }
        var byAccount = take(accounts.get(account), PER_ACCOUNT);
        if (!byAccount.allowed()) {
            addresses.get(address).addTokens(1);
            return byAccount;
        }
        return byAccount.remaining() <= byAddress.remaining() ? byAccount : byAddress;
    }

    /** Gives a try back: it was the right password, or it was not compared. */
    void giveBack(String account, String address) {
        accounts.get(account).addTokens(1);
        addresses.get(address).addTokens(1);
    }

    private static Try take(Bucket bucket, int quota) {
        var probe = bucket.tryConsumeAndReturnRemaining(1);
        // Rounded up: a client that waits exactly as long as it was told must be let in.
        long waitSeconds = TimeUnit.NANOSECONDS.toSeconds(probe.getNanosToWaitForRefill()) + 1;
        return new Try(
                probe.isConsumed(),
                quota,
                probe.getRemainingTokens(),
                probe.isConsumed() ? Duration.ZERO : Duration.ofSeconds(waitSeconds));
    }

    private static LoadingCache<String, Bucket> buckets(int quota, Ticker ticker) {
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
        return Caffeine.newBuilder()
                .ticker(ticker)
                .maximumSize(COUNTED_MAX)
                .expireAfterAccess(WINDOW)
                .build(key -> Bucket.builder()
                        .withCustomTimePrecision(time)
                        .addLimit(limit -> limit.capacity(quota).refillGreedy(quota, WINDOW))
                        .build());
    }
}
