package chat.parley.conversation;

import org.jspecify.annotations.Nullable;

/**
 * How one member follows one conversation: what decides whether a message wakes.
 *
 * @param name null in direct conversations
 * @param firstSeq the first message this member sees
 * @param notifications by what the member wants to be woken; in a large conversation mentions, unless chosen otherwise
 */
public record Attention(
        Conversation.Type type,
        @Nullable String name,
        int memberCount,
        long firstSeq,
        long readSeq,
        long deliveredSeq,
        Notifications notifications) {}
