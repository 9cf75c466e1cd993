package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.outbox.Outbox;
import chat.parley.outbox.OutboxKind;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A conversation whose row this transaction holds: until it ends, no message is stored here and no other change happens.
 *
 * @param at the time of the change about to be made: later than that of every change before
 */
record LockedConversation(
        Handle db,
        ConversationId id,
        boolean isDirect,
        @Nullable String name,
        int memberCount,
        long lastSeq,
        Instant at) {

    /** The shortest step of a time in an event. */
    private static final Duration MILLISECOND = Duration.ofMillis(1);

    private static final String LOCK = """
            SELECT type = 'direct' AS is_direct, name, member_count, last_seq, changed_at
            FROM conversation WHERE id = :conversation
            FOR NO KEY UPDATE
            """;

    static Optional<LockedConversation> lock(Handle db, ConversationId conversation, InstantSource clock) {
        return db.createQuery(LOCK)
                .bind("conversation", conversation.value())
                .map((row, context) -> {
                    // Events of changes are ordered by their time: two of one millisecond, or of two clocks, must not
                    // be equal or reversed.
                    var earliest = Rows.instant(row, "changed_at").plus(MILLISECOND);
                    var now = clock.instant();
                    return new LockedConversation(
                            db,
                            conversation,
                            row.getBoolean("is_direct"),
                            row.getString("name"),
                            row.getInt("member_count"),
                            row.getLong("last_seq"),
                            now.isBefore(earliest) ? earliest : now);
                })
                .findOne();
    }

    /** Writes an outbox row for a change. */
    long remember(OutboxKind kind, UserId subject, UserId actor) {
        return Outbox.add(db, id, kind, subject.value(), actor, at);
    }

    /** Writes an outbox row for each subject; their ids in the same order. */
    List<Long> remember(OutboxKind kind, List<UserId> subjects, UserId actor) {
        return Outbox.addAll(db, id, kind, subjects.stream().map(UserId::value).toList(), actor, at);
    }
}
