package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;

/**
 * Something that is to stand among the messages of a conversation, though nobody said it.
 *
 * @param at of the change it tells of: no two of a conversation have the same
 * @param body a JSON object
 * @param outboxId names the row that keeps this remembered until it is a message
 */
public record Notice(ConversationId conversation, Instant at, UserId actor, String body, long outboxId) {}
