package chat.parley.receipt;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;

/**
 * Marks to be moved to these places, where they are further than they stand.
 *
 * @param readSeq 0 where only the other one is meant
 * @param deliveredSeq the same
 */
public record NewMarks(ConversationId conversation, UserId user, long readSeq, long deliveredSeq) {}
