package chat.parley.postgres;

import chat.parley.ops.MonotonicClock;
import chat.parley.ops.Rounds;
import chat.parley.ops.StoreUnavailable;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/**
 * Keeps the time of the processes that stamp rows in PostgreSQL, so that none starts with a clock that was set back: streams rebuilt "since a time" would
 * miss what is stamped with an earlier one. One row, written now and then, instead of a look at every row that has a time. Safe for use by many processes.
 */
public final class TimeFloor implements AutoCloseable {
    /** A sixth of what a rebuild reads before its "since", which covers what was stamped after the last note of a process that was killed. */
    static final Duration PAUSE = Duration.ofSeconds(10);

    private static final String RAISE = "UPDATE time_floor SET at = :now WHERE at < :now";
    private static final String FLOOR = "SELECT at FROM time_floor";

    private final Postgres postgres;
    private final MonotonicClock clock;
    private final Rounds rounds = new Rounds("time-floor", PAUSE, this::note);

    /**
     * Raises {@code clock} to the time that is kept, and from {@link #start} on keeps its time.
     *
     * @throws StoreUnavailable if PostgreSQL does not answer
     */
    public TimeFloor(Postgres postgres, MonotonicClock clock) {
        this.postgres = postgres;
        this.clock = clock;
        clock.notBefore(postgres.with(
                db -> db.createQuery(FLOOR).mapTo(OffsetDateTime.class).one().toInstant()));
    }

    /** Begins to keep the time. */
    public void start() {
        rounds.start();
    }

    /** Keeps the time as it is now. */
    void note() {
        postgres.with(db -> db.createUpdate(RAISE)
                .bind("now", clock.instant().atOffset(ZoneOffset.UTC))
                .execute());
    }

    /** Keeps no time any more; the last note stays. */
    @Override
    public void close() {
        rounds.close();
    }
}
