package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;

/**
 * One message, as stored. Named by its conversation and its {@code seq} there.
 *
 * @param seq 1, 2, 3, ... without holes
 * @param clientMessageId the sender's own name for it, 1 to 64 characters
 * @param text 1 to 10,000 code points
 * @param createdAt whole milliseconds; never before that of a lower seq in the conversation
 */
public record Message(
        ConversationId conversation, long seq, UserId sender, String clientMessageId, String text, Instant createdAt) {}
