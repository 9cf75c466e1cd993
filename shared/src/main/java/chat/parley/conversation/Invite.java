package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.InviteId;
import chat.parley.id.UserId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A link by which people let themselves in, without what the link carries: nobody knows that but who has it.
 *
 * @param uses how many became members by it
 * @param maxUses null: as many as find room
 */
public record Invite(
        InviteId id,
        ConversationId conversation,
        UserId createdBy,
        Instant createdAt,
        Instant expiresAt,
        int uses,
        @Nullable Integer maxUses) {

    /** Whether it lets anyone in. */
    boolean isOpen(Instant now) {
        return now.isBefore(expiresAt) && (maxUses == null || uses < maxUses);
    }
}
