package chat.parley.sendapi.idempotency;

import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The table {@code idempotency}. Safe for use by many threads and nodes; every method throws {@link StoreUnavailable} when the outcome is
 * unknown.
 */
public final class IdempotencyKeys {
    /** Often enough that a step is small; rows of an hour past their day harm nobody. */
    public static final Duration CLEANUP_PAUSE = Duration.ofMinutes(10);

    /** How long an answer is given again. */
    private static final Duration LIFETIME = Duration.ofHours(24);

    /**
     * After this long an attempt counts as dead: longer than any request works, since each waits at most 2 s for a connection and 3 s for a
     * statement. One that works on all the same makes nothing twice, because the id of what it makes is reserved.
     */
    private static final Duration LEASE = Duration.ofSeconds(15);

    /** Rows deleted by one statement: some milliseconds. */
    private static final int CLEANUP_STEP = 1_000;

    /** An attempt of nobody: the next request may take over at once. */
    private static final long NOBODY = 0;

    /** Inserts; or takes over an attempt that died; or begins anew when the row is older than a lifetime. */
    private static final String BEGIN = """
            INSERT INTO idempotency AS i (user_id, key, body_hash, reserved, attempt, started_at)
            VALUES (:user, :key, :bodyHash, :reserved, :attempt, :now)
            ON CONFLICT (user_id, key) DO UPDATE
            SET attempt = excluded.attempt, started_at = excluded.started_at, body_hash = excluded.body_hash,
                reserved = CASE WHEN i.started_at < :expired THEN excluded.reserved ELSE i.reserved END,
                status = NULL, answer = NULL
            WHERE i.started_at < :expired
               OR (i.status IS NULL AND i.body_hash = excluded.body_hash AND (i.attempt = 0 OR i.started_at < :dead))
            RETURNING reserved
            """;

    private static final String READ = """
            SELECT body_hash = :bodyHash AS is_same, status, answer FROM idempotency WHERE user_id = :user AND key = :key
            """;

    private static final String FINISH = """
            UPDATE idempotency SET status = :status, answer = :answer
            WHERE user_id = :user AND key = :key AND attempt = :attempt AND status IS NULL
            """;

    private static final String ABANDON = """
            UPDATE idempotency SET attempt = 0
            WHERE user_id = :user AND key = :key AND attempt = :attempt AND status IS NULL
            """;

    private static final String FORGET = """
            DELETE FROM idempotency WHERE user_id = :user AND key = :key AND attempt = :attempt AND status IS NULL
            """;

    private static final String RESERVE = """
            UPDATE idempotency SET reserved = :reserved
            WHERE user_id = :user AND key = :key AND attempt = :attempt AND status IS NULL
            """;

    private static final String CLEAN = """
            DELETE FROM idempotency WHERE (user_id, key) IN (
                SELECT user_id, key FROM idempotency WHERE started_at < :expired
                ORDER BY started_at LIMIT :step FOR UPDATE SKIP LOCKED)
            """;

    private static final String ERASE_OWN = "DELETE FROM idempotency WHERE user_id = :user";

    /** Answers may show a conversation with its last message. Such requests find on their repeat what they made. */
    private static final String ERASE_QUOTING = """
            DELETE FROM idempotency
            WHERE started_at >= :from AND started_at < :to AND position(convert_to(:mark, 'UTF8') IN answer) > 0
            """;

    /** Rows of so much time are looked through by one statement. */
    private static final Duration ERASE_STEP = Duration.ofHours(1);

    private final Postgres postgres;
    private final InstantSource clock;
    private final RandomGenerator random;

    /** @param random tells attempts apart; need not be secret */
    public IdempotencyKeys(Postgres postgres, InstantSource clock, RandomGenerator random) {
        this.postgres = postgres;
        this.clock = clock;
        this.random = random;
    }

    /** @param reserved the id for what the request makes, if this is the first attempt */
    Beginning begin(UserId user, String key, byte[] bodyHash, long reserved) {
        long number = number();
        Instant now = clock.instant();
        return postgres.with(db -> {
            Optional<Long> begun = db.createQuery(BEGIN)
                    .bind("user", user.value())
                    .bind("key", key)
                    .bind("bodyHash", bodyHash)
                    .bind("reserved", reserved)
                    .bind("attempt", number)
                    .bind("now", time(now))
                    .bind("expired", time(now.minus(LIFETIME)))
                    .bind("dead", time(now.minus(LEASE)))
                    .mapTo(Long.class)
                    .findOne();
            if (begun.isPresent()) {
                boolean first = begun.get() == reserved;
                return new Beginning.Begun(new Attempt(user, key, number, begun.get(), first));
            }
            return db.createQuery(READ)
                    .bind("user", user.value())
                    .bind("key", key)
                    .bind("bodyHash", bodyHash)
                    .map((row, context) -> {
                        if (!row.getBoolean("is_same")) {
                            return new Beginning.Mismatch();
                        }
                        byte[] answer = row.getBytes("answer");
                        return answer == null
                                ? new Beginning.InProgress()
                                : new Beginning.Answered(new Reply(row.getInt("status"), answer));
                    })
                    .findOne()
                    // Gone in between: refused just now, so a repeat will get through.
                    .orElseGet(Beginning.InProgress::new);
        });
    }

    /** Keeps the answer; without effect when another attempt took over. */
    void finish(Attempt attempt, Reply reply) {
        postgres.<Integer, RuntimeException>with(db -> db.createUpdate(FINISH)
                .bind("status", reply.status())
                .bind("answer", reply.json())
                .bind("user", attempt.user().value())
                .bind("key", attempt.key())
                .bind("attempt", attempt.number())
                .execute());
    }

    /** Lets the next request take over at once; what was reserved stays so. For when nobody knows how far this attempt came. */
    void abandon(Attempt attempt) {
        update(ABANDON, attempt);
    }

    /** As if there had been no request. For when it is known that nothing was made. */
    void forget(Attempt attempt) {
        update(FORGET, attempt);
    }

    /** Reserves another id, because the first belongs to something else. */
    Attempt reserve(Attempt attempt, long reserved) {
        postgres.<Integer, RuntimeException>with(db -> db.createUpdate(RESERVE)
                .bind("reserved", reserved)
                .bind("user", attempt.user().value())
                .bind("key", attempt.key())
                .bind("attempt", attempt.number())
                .execute());
        return new Attempt(attempt.user(), attempt.key(), attempt.number(), reserved, attempt.first());
    }

    /** Deletes rows that are older than a lifetime, in short steps. */
    public int clean() {
        int deleted = 0;
        while (true) {
            int step = postgres.<Integer, RuntimeException>with(db -> db.createUpdate(CLEAN)
                    .bind("expired", time(clock.instant().minus(LIFETIME)))
                    .bind("step", CLEANUP_STEP)
                    .execute());
            deleted += step;
            if (step < CLEANUP_STEP) {
                return deleted;
            }
        }
    }

    /** Deletes what this person asked, and answers to others that tell their words. */
    public void erase(UserId user) {
        postgres.<Integer, RuntimeException>with(
                db -> db.createUpdate(ERASE_OWN).bind("user", user.value()).execute());
        // Rows that are over wait for their cleanup and are looked through too.
        var end = clock.instant().plus(LEASE);
        for (var from = end.minus(LIFETIME).minus(LIFETIME); from.isBefore(end); from = from.plus(ERASE_STEP)) {
            var begin = from;
            postgres.<Integer, RuntimeException>with(db -> db.createUpdate(ERASE_QUOTING)
                    .bind("from", time(begin))
                    .bind("to", time(begin.plus(ERASE_STEP)))
                    .bind("mark", "\"sender_id\":\"" + user + "\"")
                    .execute());
        }
    }

    private void update(String statement, Attempt attempt) {
        postgres.<Integer, RuntimeException>with(db -> db.createUpdate(statement)
                .bind("user", attempt.user().value())
                .bind("key", attempt.key())
                .bind("attempt", attempt.number())
                .execute());
    }

    private long number() {
        long number = random.nextLong();
        return number == NOBODY ? 1 : number;
    }

    private static OffsetDateTime time(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
