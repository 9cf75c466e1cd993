package chat.parley.ops;

import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A clock in whole milliseconds that never goes back, also when the machine's clock does. Times of events are taken from it, because a
 * resume "since a time" would otherwise miss what was committed after the clock was set back.
 *
 * <p>Within one process only; {@link #notBefore} carries the promise over a restart: {@code TimeFloor} gives it the latest time that was kept.
 * Safe for use by many threads.
 */
public final class MonotonicClock implements InstantSource {
    private final Clock clock;
    private final AtomicLong newest = new AtomicLong(Long.MIN_VALUE);

    /** @param clock the machine's clock, or a test's */
    public MonotonicClock(Clock clock) {
        this.clock = clock;
    }

    /** From now on no instant before {@code floor} is answered. */
    public void notBefore(Instant floor) {
        newest.accumulateAndGet(floor.toEpochMilli(), Math::max);
    }

    /** What the machine's clock says, also when it went back. */
    public Instant ofMachine() {
        return clock.instant();
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(newest.accumulateAndGet(clock.millis(), Math::max));
    }
}
