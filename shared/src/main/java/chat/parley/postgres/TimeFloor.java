package chat.parley.postgres;

import chat.parley.ops.MonotonicClock;
import chat.parley.ops.Rounds;
import chat.parley.ops.StoreUnavailable;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the time of the processes that stamp rows in PostgreSQL, so that none starts with a clock that was set back: streams rebuilt "since a time" would
 * miss what is stamped with an earlier one. One row, written now and then, instead of a look at every row that has a time. Safe for use by many processes.
 */
public final class TimeFloor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TimeFloor.class);

    /** A sixth of what a rebuild reads before its "since", which covers what was stamped after the last note of a process that was killed. */
    static final Duration PAUSE = Duration.ofSeconds(10);

    /**
     * How far the clock may be from PostgreSQL's before somebody should look; the alert ParleyClockOff has the same bound. Two processes that are as far from it in opposite directions are 10 s apart; from there on one would take for left
     * behind what the other is still at work on.
     */
    static final Duration DIFFERENCE_MAX = Duration.ofSeconds(5);

    private static final String RAISE = "UPDATE time_floor SET at = :now WHERE at < :now";
    private static final String FLOOR = "SELECT at FROM time_floor";
    private static final String NOW = "SELECT clock_timestamp()";

    private final Postgres postgres;
    private final MonotonicClock clock;
    private final AtomicLong differenceMillis = new AtomicLong();
    private final Rounds rounds = new Rounds("time-floor", PAUSE, this::note);

    /**
     * Raises {@code clock} to the time that is kept, and from {@link #start} on keeps its time.
     *
     * @throws StoreUnavailable if PostgreSQL does not answer
     */
    public TimeFloor(Postgres postgres, MonotonicClock clock, MeterRegistry meters) {
        this.postgres = postgres;
        this.clock = clock;
        TimeGauge.builder("parley.clock.difference", differenceMillis, TimeUnit.MILLISECONDS, AtomicLong::get)
                .register(meters);
        clock.notBefore(postgres.with(
                db -> db.createQuery(FLOOR).mapTo(OffsetDateTime.class).one().toInstant()));
    }

    /** Begins to keep the time. */
    public void start() {
        rounds.start();
    }

    /** Keeps the time as it is now, and compares the machine's clock with PostgreSQL's. */
    void note() {
        postgres.with(db -> db.createUpdate(RAISE)
                .bind("now", clock.instant().atOffset(ZoneOffset.UTC))
                .execute());
        compare();
    }

    /**
     * The time that was kept is left out: it may come from another machine, whose clock was ahead, and this one can only wait for it. Nothing is refused because of
     * a difference: were it PostgreSQL's clock that is wrong, every process would refuse at once.
     */
    private void compare() {
        var asked = clock.ofMachine();
        var theirs = postgres.with(
                db -> db.createQuery(NOW).mapTo(OffsetDateTime.class).one().toInstant());
        var answered = clock.ofMachine();
        // Theirs was read at some moment between ours: what that may explain is no difference.
        var behind = Duration.between(answered, theirs);
        var ahead = Duration.between(theirs, asked);
        var off = behind.isPositive() ? behind : ahead.isPositive() ? ahead : Duration.ZERO;
        differenceMillis.set(off.toMillis());
        if (off.compareTo(DIFFERENCE_MAX) > 0) {
            LOG.warn(
                    "this machine's clock is {} s {} PostgreSQL's",
                    off.toSeconds(),
                    behind.isPositive() ? "behind" : "ahead of");
        }
    }

    /** Keeps no time any more; the last note stays. */
    @Override
    public void close() {
        rounds.close();
    }
}
