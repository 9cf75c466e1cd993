package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Two people, for what happens to both at once: their conversation is made, or one blocks the other. Reads {@code block}, which belongs to
 * {@code chat.parley.safety}.
 */
public record DirectPair(long low, long high) {
    /** Whether one has blocked the other; {@code c} is the conversation's name in the statement. */
    static final String IS_BLOCKED = """
            c.type = 'direct' AND EXISTS (
                SELECT FROM block b
                WHERE (b.blocker_id = c.direct_low AND b.blocked_id = c.direct_high)
                   OR (b.blocker_id = c.direct_high AND b.blocked_id = c.direct_low))
            """;

    private static final String LOCK = "SELECT pg_advisory_xact_lock(hashint8(:low), hashint8(:high))";

    private static final String PAIR_IS_BLOCKED = """
            SELECT EXISTS (
                SELECT FROM block
                WHERE (blocker_id = :low AND blocked_id = :high) OR (blocker_id = :high AND blocked_id = :low))
            """;

    private static final String CONVERSATION_IS_BLOCKED =
            "SELECT " + IS_BLOCKED + " FROM conversation c WHERE c.id = :conversation";

    private static final String MOVE_VERSION = """
            UPDATE conversation SET members_version = members_version + 1
            WHERE direct_low = :low AND direct_high = :high
            RETURNING id, members_version, last_seq
            """;

    /** These two, in whichever order. */
    public static DirectPair of(UserId one, UserId other) {
        return new DirectPair(Math.min(one.value(), other.value()), Math.max(one.value(), other.value()));
    }

    /**
     * Until this transaction ends, nobody makes their conversation and nobody of them blocks the other: else each could miss what the other one just
     * does. Taken before any row is locked.
     */
    public void lock(Handle db) {
        db.createQuery(LOCK)
                .bind("low", low)
                .bind("high", high)
                .map((row, context) -> true)
                .one();
    }

    /** Whether one has blocked the other; lasting while the lock is held. */
    boolean isBlocked(Handle db) {
        return db.createQuery(PAIR_IS_BLOCKED)
                .bind("low", low)
                .bind("high", high)
                .mapTo(Boolean.class)
                .one();
    }

    /** Whether {@code conversation} is one of two of whom one has blocked the other. */
    static boolean isBlocked(Handle db, ConversationId conversation) {
        return db.createQuery(CONVERSATION_IS_BLOCKED)
                .bind("conversation", conversation.value())
                .mapTo(Boolean.class)
                .one();
    }

    /** Sends that were checked before are refused and checked again. Answers their conversation, if they have one. */
    public Optional<ConversationId> moveVersion(Handle db, MessageHeads heads) {
        return db.createQuery(MOVE_VERSION)
                .bind("low", low)
                .bind("high", high)
                .map((row, context) -> {
                    var conversation = new ConversationId(row.getLong("id"));
                    heads.moveMembers(conversation, row.getLong("members_version"), row.getLong("last_seq"));
                    return conversation;
                })
                .findOne();
    }
}
