package chat.parley.account;

import static chat.parley.account.Users.utc;

import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes sessions and tickets that are over. Any number of nodes may do so at once, and it may stop anywhere. */
final class AccountCleanup {
    /** How often {@link #run} is to be called. */
    static final Duration EVERY = Duration.ofMinutes(10);

    /** Kept after their end: longer than any token that names them, and than {@link LiveSessions} looks back. */
    private static final Duration KEPT_AFTER_END = Duration.ofDays(1);

    /** Unused tickets, after which none can be used any more. */
    private static final Duration TICKET_UNUSED_KEPT = Duration.ofMinutes(5);

    /** Rows a statement: takes milliseconds, so its locks hinder nobody. */
    static final int STEP = 500;

    /** Steps a run; the rest waits for the next. */
    private static final int STEPS_MAX = 200;

    private static final String ENDED = """
            DELETE FROM session WHERE id IN (
                SELECT id FROM session WHERE ended_at < clock_timestamp() - make_interval(secs => :kept_seconds)
                LIMIT :step FOR UPDATE SKIP LOCKED)
            """;
    private static final String EXPIRED = """
            DELETE FROM session WHERE id IN (
                SELECT id FROM session WHERE expires_at < :before LIMIT :step FOR UPDATE SKIP LOCKED)
            """;
    private static final String TICKETS = """
            DELETE FROM stream_ticket WHERE hash IN (
                SELECT hash FROM stream_ticket
                WHERE created_at < :before AND (used_at IS NULL OR valid_until < :now)
                LIMIT :step FOR UPDATE SKIP LOCKED)
            """;

    private static final Logger LOG = LoggerFactory.getLogger(AccountCleanup.class);

    private final Postgres postgres;
    private final InstantSource clock;

    AccountCleanup(Postgres postgres, InstantSource clock) {
        this.postgres = postgres;
        this.clock = clock;
    }

    /** Deletes what is over, in bounded steps. */
    void run() {
        try {
            for (int steps = 0; steps < STEPS_MAX && step() > 0; steps++) {
                LOG.debug("deleted sessions and tickets that are over");
            }
        } catch (StoreUnavailable e) {
            LOG.warn("cleanup of sessions waits for the next time: {}", e.getMessage());
        }
    }

    /** One statement for each kind; answers how many rows went. */
    int step() {
        Instant now = clock.instant();
        return postgres.with(db -> db.createUpdate(ENDED)
                        .bind("kept_seconds", KEPT_AFTER_END.toSeconds())
                        .bind("step", STEP)
                        .execute()
                + db.createUpdate(EXPIRED)
                        .bind("before", utc(now.minus(KEPT_AFTER_END)))
                        .bind("step", STEP)
                        .execute()
                + db.createUpdate(TICKETS)
                        .bind("before", utc(now.minus(TICKET_UNUSED_KEPT)))
                        .bind("now", utc(now))
                        .bind("step", STEP)
                        .execute());
    }
}
