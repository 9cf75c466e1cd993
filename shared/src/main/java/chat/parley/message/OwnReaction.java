package chat.parley.message;

import chat.parley.id.ConversationId;
import java.time.Instant;

/** That a person reacted to a message. */
public record OwnReaction(ConversationId conversation, long seq, String emoji, Instant createdAt) {}
