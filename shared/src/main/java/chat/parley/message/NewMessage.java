package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;

/**
 * A message to be stored.
 *
 * @param membersVersion the version of the roster the sender was checked against
 * @param clientMessageId repeating a send with the same one never stores a second message; unique for (conversation, sender)
 */
public record NewMessage(
        ConversationId conversation, long membersVersion, UserId sender, String clientMessageId, MessageBody body) {}
