package chat.parley.safety;

import chat.parley.conversation.DirectPair;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who wants nothing to do with whom. Safe for use by many threads; every method throws {@link StoreUnavailable} when the outcome is unknown, and
 * may be repeated.
 */
public final class Blocks {
    /** Most people one person blocks: a list beyond it was made by a program. */
    public static final int BLOCKED_MAX = 1_000;

    private static final String LOCK_BLOCKER = "SELECT id FROM users WHERE id = :user FOR NO KEY UPDATE";

    private static final String COUNT_OTHERS =
            "SELECT count(*) FROM block WHERE blocker_id = :user AND blocked_id <> :other";

    private static final String ADD = """
            INSERT INTO block (blocker_id, blocked_id, blocked_at) VALUES (:user, :other, :at) ON CONFLICT DO NOTHING
            """;

    private static final String REMOVE = "DELETE FROM block WHERE blocker_id = :user AND blocked_id = :other";

    private static final String LIST = """
            SELECT blocked_id, blocked_at FROM block
            WHERE blocker_id = :user AND (blocked_at, blocked_id) > (:blockedAt, :blocked)
            ORDER BY blocked_at, blocked_id
            LIMIT :limit
            """;

    private static final String AMONG = """
            SELECT blocked_id AS other FROM block WHERE blocker_id = :user AND blocked_id = ANY(:others)
            UNION
            SELECT blocker_id FROM block WHERE blocked_id = :user AND blocker_id = ANY(:others)
            """;

    private static final String BLOCKING = """
            SELECT b.blocker_id, b.blocked_id
            FROM unnest(:users, :others) AS wanted (user_id, other_id)
            JOIN block b ON b.blocker_id = wanted.user_id AND b.blocked_id = wanted.other_id
            """;

    private final Postgres postgres;
    private final MessageHeads heads;
    private final InstantSource clock;

    /** @param clock never goes back, see {@code MonotonicClock} */
    public Blocks(Postgres postgres, MessageHeads heads, InstantSource clock) {
        this.heads = heads;
        this.postgres = postgres;
        this.clock = clock;
    }

    /** What became of a block. */
    public sealed interface Outcome {
        /** So it is now, by this request or before; {@code conversation} is the pair's, if there is one. */
        record Done(Optional<ConversationId> conversation) implements Outcome {}

        /** It would be more than {@link #BLOCKED_MAX}. */
        record TooMany() implements Outcome {}
    }

    /** One block. */
    public record Block(UserId user, Instant at) {}

    /** A place in the list: after the one of this time and person. */
    public record Position(Instant blockedAt, UserId user) {}

    /**
     * From now on neither sends to the other in their conversation.
     *
     * @param other someone else, known to exist
     */
    public Outcome block(UserId user, UserId other) {
        return postgres.inTransaction(db -> {
            var pair = DirectPair.of(user, other);
            pair.lock(db);
            // The count below must hold until this one is added.
            db.createQuery(LOCK_BLOCKER)
                    .bind("user", user.value())
                    .mapTo(Long.class)
                    .one();
            int others = db.createQuery(COUNT_OTHERS)
                    .bind("user", user.value())
                    .bind("other", other.value())
                    .mapTo(Integer.class)
                    .one();
            if (others >= BLOCKED_MAX) {
                return new Outcome.TooMany();
            }
            int added = db.createUpdate(ADD)
                    .bind("user", user.value())
                    .bind("other", other.value())
                    .bind("at", time(clock.instant()))
                    .execute();
            return new Outcome.Done(added == 0 ? Optional.empty() : pair.moveVersion(db, heads));
        });
    }

    /** Ends a block; the other's own, if there is one, lasts. */
    public Outcome unblock(UserId user, UserId other) {
        return postgres.inTransaction(db -> {
            var pair = DirectPair.of(user, other);
            pair.lock(db);
            int removed = db.createUpdate(REMOVE)
                    .bind("user", user.value())
                    .bind("other", other.value())
                    .execute();
            return new Outcome.Done(removed == 0 ? Optional.empty() : pair.moveVersion(db, heads));
        });
    }

    /**
     * Whom {@code user} blocks, oldest first.
     *
     * @param after null for the first page
     */
    public List<Block> list(UserId user, @Nullable Position after, int limit) {
        return postgres.with(db -> db.createQuery(LIST)
                .bind("user", user.value())
                .bind("blockedAt", time(after == null ? Instant.EPOCH : after.blockedAt()))
                .bind("blocked", after == null ? 0 : after.user().value())
                .bind("limit", limit)
                .map((row, context) -> new Block(
                        new UserId(row.getLong("blocked_id")),
                        row.getObject("blocked_at", OffsetDateTime.class).toInstant()))
                .list());
    }

    /** Those of {@code others} whom {@code user} blocks or who block {@code user}: none of them learns about the other. */
    public static Set<UserId> among(Postgres postgres, UserId user, Collection<UserId> others) {
        if (others.isEmpty()) {
            return Set.of();
        }
        Long[] ids = others.stream().map(UserId::value).toArray(Long[]::new);
        return postgres.with(db -> new HashSet<>(db.createQuery(AMONG)
                .bind("user", user.value())
                .bindArray("others", Long.class, (Object[]) ids)
                .map((row, context) -> new UserId(row.getLong("other")))
                .list()));
    }

    /** Two people of whom one may block the other. */
    public record Pair(UserId user, UserId other) {}

    /** Those of {@code pairs} where the first blocks the second, by one statement. */
    public static Set<Pair> blocking(Postgres postgres, Collection<Pair> pairs) {
        Long[] users = pairs.stream().map(pair -> pair.user.value()).toArray(Long[]::new);
        Long[] others = pairs.stream().map(pair -> pair.other.value()).toArray(Long[]::new);
        return postgres.with(db -> new HashSet<>(db.createQuery(BLOCKING)
                .bindArray("users", Long.class, (Object[]) users)
                .bindArray("others", Long.class, (Object[]) others)
                .map((row, context) ->
                        new Pair(new UserId(row.getLong("blocker_id")), new UserId(row.getLong("blocked_id"))))
                .list()));
    }

    private static OffsetDateTime time(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
