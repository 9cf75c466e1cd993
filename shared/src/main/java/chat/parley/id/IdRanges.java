package chat.parley.id;

import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Grants each {@link IdRange} once, by the rows of {@code id_node}: a row's time only grows, and a range lies between what it was and what it became. Nobody holds a
 * node, so nobody has to be alive, or to keep a clock, for two ranges to differ. Safe for use by many threads and processes.
 */
public final class IdRanges {
    /**
     * What one grant covers. A process that gives out ids asks once in this time, and one that is restarted leaves at most so much of one node unused. In it fit
     * 245 million ids.
     */
    static final Duration SPAN = Duration.ofMinutes(1);

    /**
     * How far ahead of now a grant may begin. Ids run ahead when more than 1,024 processes begin within {@link #SPAN}, or while the server's clock is behind what it
     * was, and that harms nobody; a day of it means that something takes grants in a loop or that a clock is wrong, and a person should look.
     */
    static final Duration AHEAD_MAX = Duration.ofDays(1);

    /** Least lately used first; what another process is taking just now is passed over. Of a row that changed meanwhile the new state is locked and answered. */
    private static final String FREE = """
            SELECT node, granted_to, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
            FROM id_node ORDER BY granted_to, node LIMIT 1 FOR UPDATE SKIP LOCKED
            """;

    private static final String TAKE = "UPDATE id_node SET granted_to = :to WHERE node = :node";

    /** Whether a grant would find one now, others' grants under way aside. */
    private static final String LEAST = """
            SELECT greatest(min(granted_to), :notBefore) <= floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint + :ahead
            FROM id_node
            """;

    private static final String EXHAUSTED =
            "no node number is free: all of id_node are granted for more than " + AHEAD_MAX.toHours() + " h ahead";

    private static final String TAKEN = "others are taking all of id_node at this moment";

    private static final String CLOCK_BACK =
            "PostgreSQL's clock is more than " + AHEAD_MAX.toHours() + " h behind ids that were given out";

    private final Postgres postgres;
    private final Counter grants;
    private volatile @Nullable Refusal refusal;

    private record Refusal(String why, long notBefore) {}

    /** Asks through {@code postgres}, which the caller closes. */
    public IdRanges(Postgres postgres, MeterRegistry meters) {
        this.postgres = postgres;
        this.grants = meters.counter("parley.id.grants");
    }

    /**
     * A range that nobody had and nobody else will have. It begins now by PostgreSQL's clock, or later. One that is granted and not answered, because the connection
     * broke, stays unused.
     *
     * @param notBefore the range begins there or later; milliseconds since 1970
     * @throws StoreUnavailable if PostgreSQL does not answer or every node is granted for longer than {@link #AHEAD_MAX}
     */
    public IdRange grant(long notBefore) {
        String[] why = {TAKEN};
        var granted = postgres.inTransaction(db -> {
            var free = db.createQuery(FREE)
                    .map((row, context) -> new Free(row.getInt("node"), row.getLong("granted_to"), row.getLong("now")))
                    .findOne();
            free.ifPresent(it -> why[0] = it.grantedTo - it.now > AHEAD_MAX.toMillis() ? EXHAUSTED : CLOCK_BACK);
            var range = free.flatMap(it -> it.range(notBefore));
            range.ifPresent(it -> db.createUpdate(TAKE)
                    .bind("to", it.to())
                    .bind("node", it.node())
                    .execute());
            return range;
        });
        // What others take just now is free again in a moment: nothing that a node should be taken out of service for.
        refusal = granted.isPresent() || why[0].equals(TAKEN) ? null : new Refusal(why[0], notBefore);
        if (granted.isEmpty()) {
            throw new StoreUnavailable("ids", new IllegalStateException(why[0]));
        }
        grants.increment();
        return granted.get();
    }

    /**
     * Null while ids can be given out, else why not. After a refusal it looks again: a node that is not ready is sent no request, so none would find out that the
     * cause is gone.
     */
    public @Nullable String complaint() {
        var last = refusal;
        return last == null || isAnyFree(last.notBefore) ? null : last.why;
    }

    private boolean isAnyFree(long notBefore) {
        return postgres.with(db -> db.createQuery(LEAST)
                .bind("notBefore", notBefore)
                .bind("ahead", AHEAD_MAX.toMillis())
                .mapTo(Boolean.class)
                .one());
    }

    private record Free(int node, long grantedTo, long now) {
        Optional<IdRange> range(long notBefore) {
            long from = Math.max(now, Math.max(grantedTo, notBefore));
            return from - now > AHEAD_MAX.toMillis()
                    ? Optional.empty()
                    : Optional.of(new IdRange(node, from, from + SPAN.toMillis()));
        }
    }
}
