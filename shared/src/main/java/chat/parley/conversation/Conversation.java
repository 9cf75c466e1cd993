package chat.parley.conversation;

import chat.parley.id.ConversationId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A conversation, as stored, without what differs by reader.
 *
 * @param name null for direct conversations
 * @param lastSeq of the newest message, 0 while there is none
 * @param lastAt of the newest message, or of the creation
 * @param members up to 20 of them, the longest members first
 */
public record Conversation(
        ConversationId id,
        Type type,
        @Nullable String name,
        Instant createdAt,
        int memberCount,
        long lastSeq,
        Instant lastAt,
        List<Member> members) {

    /** Direct: two people, for ever. Group: up to {@code Roster.MEMBERS_MAX} people. */
    public enum Type {
        DIRECT,
        GROUP
    }

    /** The same with these members shown. */
    Conversation withMembers(List<Member> shown) {
        return new Conversation(id, type, name, createdAt, memberCount, lastSeq, lastAt, shown);
    }
}
