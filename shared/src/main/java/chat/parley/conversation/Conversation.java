package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.message.MessageHead;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A conversation, as stored, without what differs by reader.
 *
 * @param lastSeq of the newest message, 0 while there is none
 * @param lastAt of the newest message, or of the creation
 * @param firstSeq of the oldest message that did not expire; the next one where none is left
 * @param pinnedSeqs of the pinned messages, newest pin first
 * @param members up to 20 of them, the longest members first
 */
public record Conversation(
        ConversationId id,
        Type type,
        ConversationSettings settings,
        Instant createdAt,
        int memberCount,
        long lastSeq,
        Instant lastAt,
        long firstSeq,
        List<Long> pinnedSeqs,
        List<Member> members) {

    /** Direct: two people, for ever. Group and channel: as many people as {@link GroupSizes} allows; only a channel can be public. */
    public enum Type {
        DIRECT,
        GROUP,
        CHANNEL
    }

    /** One with these members and nothing said yet. */
    static Conversation fresh(
            ConversationId id, Type type, ConversationSettings settings, Instant createdAt, int memberCount) {
        return new Conversation(id, type, settings, createdAt, memberCount, 0, createdAt, 1, List.of(), List.of());
    }

    /** Null in direct conversations. */
    public @Nullable String name() {
        return settings.name();
    }

    /** The same when its messages reach as far as {@code head}. */
    Conversation withHead(@Nullable MessageHead head) {
        if (head == null || head.lastSeq() <= lastSeq) {
            return this;
        }
        var at = head.lastAt().isAfter(lastAt) ? head.lastAt() : lastAt;
        return new Conversation(
                id, type, settings, createdAt, memberCount, head.lastSeq(), at, firstSeq, pinnedSeqs, members);
    }

    /** The same with these members shown. */
    Conversation withMembers(List<Member> shown) {
        return new Conversation(
                id, type, settings, createdAt, memberCount, lastSeq, lastAt, firstSeq, pinnedSeqs, shown);
    }
}
