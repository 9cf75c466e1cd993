package chat.parley.receipt;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;

/**
 * Marks that moved, committed and not yet told.
 *
 * @param before as they stood shortly before; another node may have moved them in between
 * @param memberCount of the conversation
 * @param membersVersion of the conversation: whoever is told must be a member at this version or later
 * @param outboxId names the row that keeps this remembered until it is told
 */
public record Advance(
        ConversationId conversation,
        UserId user,
        Marks before,
        Marks now,
        Instant at,
        int memberCount,
        long membersVersion,
        long outboxId) {}
