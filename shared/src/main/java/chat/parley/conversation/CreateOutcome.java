package chat.parley.conversation;

import chat.parley.id.ConversationId;

/** What became of a conversation to be made. */
public sealed interface CreateOutcome {
    /** Made. {@code outboxId} names the row that keeps it remembered until it is published. */
    record Created(Conversation conversation, Member creator, long outboxId) implements CreateOutcome {
        /** As the creator sees it. */
        public Membership membership() {
            return new Membership(
                    conversation,
                    conversation.createdAt(),
                    new MemberState(creator, creator.joinedAt(), null),
                    Notifications.DEFAULT);
        }
    }

    /** It was there: the pair's conversation, or the group that an earlier attempt of this creator made under this id. */
    record Existed(ConversationId conversation) implements CreateOutcome {}

    /** One of the two has blocked the other, and they have no conversation. Nothing changed. */
    record Blocked() implements CreateOutcome {}

    /** The id belongs to something else: try again with another one. Nothing changed. */
    record IdTaken() implements CreateOutcome {}
}
