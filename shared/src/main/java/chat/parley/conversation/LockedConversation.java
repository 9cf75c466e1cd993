package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.outbox.Outbox;
import chat.parley.outbox.OutboxKind;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * A conversation whose row this transaction holds: until it ends, no message is stored here and no other change happens.
 *
 * @param pinnedSeqs newest pin first
 * @param rowSeq the newest seq by the row, which may be behind
 * @param large whether its events are told once for all
 * @param sizes what is allowed, and from when on it is large
 * @param at the time of the change about to be made: later than that of every change before
 */
record LockedConversation(
        Handle db,
        ConversationId id,
        Conversation.Type type,
        ConversationSettings settings,
        int memberCount,
        long membersVersion,
        long rowSeq,
        List<Long> pinnedSeqs,
        MessageHeads heads,
        boolean large,
        GroupSizes sizes,
        Instant at) {

    /** The shortest step of a time in an event. */
    private static final Duration MILLISECOND = Duration.ofMillis(1);

    private static final String LOCK = """
            SELECT %s, c.members_version, c.large, c.changed_at AS last_change
            FROM conversation c WHERE c.id = :conversation
            FOR NO KEY UPDATE
            """.formatted(Rows.CONVERSATION);

    static Optional<LockedConversation> lock(
            Handle db, ConversationId conversation, MessageHeads heads, InstantSource clock, GroupSizes sizes) {
        return db.createQuery(LOCK)
                .bind("conversation", conversation.value())
                .map((row, context) -> {
                    // Events of changes are ordered by their time: two of one millisecond, or of two clocks, must not
                    // be equal or reversed.
                    var earliest = Rows.instant(row, "last_change").plus(MILLISECOND);
                    var now = clock.instant();
                    var found = Rows.conversation(row, List.of());
                    return new LockedConversation(
                            db,
                            conversation,
                            found.type(),
                            found.settings(),
                            found.memberCount(),
                            row.getLong("members_version"),
                            found.lastSeq(),
                            found.pinnedSeqs(),
                            heads,
                            row.getBoolean("large"),
                            sizes,
                            now.isBefore(earliest) ? earliest : now);
                })
                .findOne();
    }

    /** The newest seq. */
    long lastSeq() {
        return heads.lastSeq(id, rowSeq);
    }

    /**
     * To be called by whoever moves {@code members_version}: sends that were checked before are refused and checked again. Answers the newest seq, after which that is so.
     */
    long moveMembers() {
        return heads.moveMembers(id, membersVersion + 1, rowSeq);
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
