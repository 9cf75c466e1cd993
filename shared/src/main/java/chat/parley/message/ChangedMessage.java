package chat.parley.message;

import chat.parley.id.ConversationId;
import java.time.Instant;

/** That a message changed, and when it did so last. */
public record ChangedMessage(ConversationId conversation, long seq, Instant at) {}
