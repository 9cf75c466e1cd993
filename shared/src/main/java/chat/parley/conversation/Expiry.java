package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.OutboxKind;
import chat.parley.postgres.Postgres;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which messages expired. A conversation's messages before its {@code first_seq} are read by nobody; those up to its {@code removed_seq} are gone from the message store
 * too. Both only grow. Safe for use by many threads; every method throws {@link StoreUnavailable} when the outcome is unknown, and may be repeated.
 */
public final class Expiry {
    /** Shortest limit: what is gone sooner is better not kept at all, and people must have a chance to read. */
    public static final Duration LIMIT_MIN = Duration.ofMinutes(1);

    /** Longest limit. */
    public static final Duration LIMIT_MAX = Duration.ofDays(3_650);

    /** Those with a limit of their own; an index knows them. */
    private static final String DUE = """
            SELECT id, first_seq, last_seq, least(retention_seconds, CAST(:everywhere AS bigint)) AS seconds
            FROM conversation
            WHERE id > :after AND last_seq >= first_seq %s
                AND coalesce(oldest_at, created_at)
                    <= :now - make_interval(secs => least(retention_seconds, CAST(:everywhere AS bigint)))
            ORDER BY id
            LIMIT :limit
            """;

    private static final String DUE_OWN = DUE.formatted("AND retention_seconds IS NOT NULL");
    private static final String DUE_ALL = DUE.formatted("");

    private static final String HIDE = """
            UPDATE conversation
            SET first_seq = :first, oldest_at = :oldest, updated_at = :at, changed_at = :at, members_version = members_version + 1,
                pinned_seqs = ARRAY(
                    SELECT pin FROM unnest(pinned_seqs) WITH ORDINALITY AS pinned (pin, place) WHERE pin >= :first ORDER BY place)
            WHERE id = :conversation AND first_seq < :first
            RETURNING created_by
            """;

    private static final String LOOKED = """
            UPDATE conversation SET oldest_at = :oldest WHERE id = :conversation AND first_seq = :first
            """;

    private static final String TO_REMOVE = """
            SELECT id, first_seq FROM conversation
            WHERE removed_seq < first_seq - 1 AND id > :after
            ORDER BY id
            LIMIT :limit
            """;

    private static final String REMOVED = """
            UPDATE conversation SET removed_seq = greatest(removed_seq, :seq) WHERE id = :conversation
            """;

    /** Any number that no other advisory lock of this database has. */
    private static final long LOCK = 0x6578_7069_7279L;

    private final Postgres postgres;
    private final MessageHeads heads;
    private final InstantSource clock;

    /** @param clock never goes back, see {@code MonotonicClock} */
    public Expiry(Postgres postgres, MessageHeads heads, InstantSource clock) {
        this.heads = heads;
        this.postgres = postgres;
        this.clock = clock;
    }

    /**
     * A conversation that may have messages older than its limit.
     *
     * @param firstSeq the oldest that is read
     * @param limit the shorter of its own and of that for everything
     */
    public record Due(ConversationId conversation, long firstSeq, long lastSeq, Duration limit) {}

    /** A conversation whose messages before {@code firstSeq} are still in the store. */
    public record Leftover(ConversationId conversation, long firstSeq) {}

    /**
     * Conversations that may have expired messages, by id, those after {@code after}, at most {@code limit}.
     *
     * @param everywhere the limit for all conversations; null for those only that have one of their own
     */
    public List<Due> due(@Nullable Duration everywhere, ConversationId after, int limit) {
        return postgres.with(db -> db.createQuery(everywhere == null ? DUE_OWN : DUE_ALL)
                .bind("everywhere", everywhere == null ? null : everywhere.toSeconds())
                .bind("now", Rows.time(clock.instant()))
                .bind("after", after.value())
                .bind("limit", limit)
                .map((row, context) -> new Due(
                        new ConversationId(row.getLong("id")),
                        row.getLong("first_seq"),
                        row.getLong("last_seq"),
                        Duration.ofSeconds(row.getLong("seconds"))))
                .list());
    }

    /**
     * From now on nobody reads what is before {@code firstSeq}; its members are told. Rosters that know less are no longer good for sending.
     *
     * @param oldest no message from {@code firstSeq} on is older
     */
    public void hide(ConversationId conversation, long firstSeq, Instant oldest) {
        postgres.inTransaction(db -> LockedConversation.lock(db, conversation, heads, clock, GroupSizes.DEFAULT)
                .flatMap(locked -> db.createQuery(HIDE)
                        .bind("conversation", conversation.value())
                        .bind("first", firstSeq)
                        .bind("oldest", Rows.time(oldest))
                        .bind("at", Rows.time(locked.at()))
                        .map((row, context) -> new UserId(row.getLong("created_by")))
                        .findOne()
                        .map(actor -> {
                            locked.moveMembers();
                            return locked.remember(OutboxKind.CONVERSATION_UPDATED, actor, actor);
                        })));
    }

    /** Nothing is to be hidden before {@code oldest} and the limit. */
    public void looked(Due due, Instant oldest) {
        postgres.with(db -> db.createUpdate(LOOKED)
                .bind("conversation", due.conversation.value())
                .bind("first", due.firstSeq)
                .bind("oldest", Rows.time(oldest))
                .execute());
    }

    /** Conversations with messages that are hidden and not yet removed, by id, those after {@code after}, at most {@code limit}. */
    public List<Leftover> toRemove(ConversationId after, int limit) {
        return postgres.with(db -> db.createQuery(TO_REMOVE)
                .bind("after", after.value())
                .bind("limit", limit)
                .map((row, context) -> new Leftover(new ConversationId(row.getLong("id")), row.getLong("first_seq")))
                .list());
    }

    /** The message {@code seq} and all before it are gone. */
    public void removed(ConversationId conversation, long seq) {
        postgres.with(db -> db.createUpdate(REMOVED)
                .bind("conversation", conversation.value())
                .bind("seq", seq)
                .execute());
    }

    /** Runs {@code work} unless another node is at it; false then. */
    public boolean alone(Runnable work) {
        return postgres.alone(LOCK, work);
    }
}
