package chat.parley.conversation;

import chat.parley.id.ConversationId;

/** How far a conversation's messages reach. */
public record Head(ConversationId conversation, long lastSeq) {}
