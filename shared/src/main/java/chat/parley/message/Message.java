package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;

/**
 * One message, as it stands. Named by its conversation and its {@code seq} there.
 *
 * @param seq 1, 2, 3, ... without holes
 * @param clientMessageId the sender's own name for it, 1 to 64 characters
 * @param body what it says now; what was deleted says nothing
 * @param createdAt whole milliseconds; never before that of a lower seq in the conversation
 * @param state what became of it since
 */
public record Message(
        ConversationId conversation,
        long seq,
        UserId sender,
        String clientMessageId,
        MessageBody body,
        Instant createdAt,
        MessageState state) {

    /** Whether it was deleted: then it keeps its place and says nothing. */
    public boolean isDeleted() {
        return state.deletedAt() != null;
    }
}
