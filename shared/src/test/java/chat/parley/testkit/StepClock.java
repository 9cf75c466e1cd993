package chat.parley.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that stands still until a test moves it. Safe for use by many threads. */
public final class StepClock extends Clock {
    private volatile Instant now;

    private StepClock(Instant start) {
        this.now = start;
    }

    public static StepClock at(Instant start) {
        return new StepClock(start);
    }

    /** Starts at a moment with an uneven number of milliseconds, so that lost digits show. */
    public static StepClock started() {
        return at(Instant.parse("2026-11-22T20:15:03.127Z"));
    }

    @Override
    public Instant instant() {
        return now;
    }

    /** Forward; a negative step plays a clock that was set back. */
    public synchronized void advance(Duration step) {
        now = now.plus(step);
    }

    public synchronized void set(Instant moment) {
        now = moment;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    /** The zone concerns nobody here: every time in Parley is UTC. */
    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("times are UTC, not " + zone);
    }
}
