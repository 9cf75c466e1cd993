package chat.parley.event;

import chat.parley.conversation.Conversation;
import chat.parley.conversation.Member;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Something that happened in a conversation and that its members are told. */
public sealed interface ChatEvent {
    /** Where it happened. */
    ConversationId conversation();

    /** Who did it. */
    UserId actor();

    /** When it was committed. */
    Instant at();

    /**
     * A message was sent.
     *
     * @param quoted the message it answers, as it stands, for those who may see that one; null where there is none
     */
    record MessageCreated(Message message, @Nullable Message quoted) implements ChatEvent {
        @Override
        public ConversationId conversation() {
            return message.conversation();
        }

        @Override
        public UserId actor() {
            return message.sender();
        }

        @Override
        public Instant at() {
            return message.createdAt();
        }
    }

    /**
     * A message changed. Also told instead of a reaction where all that is known is that something changed: the message carries everything.
     *
     * @param quoted as in {@link MessageCreated}
     */
    record MessageEdited(Message message, @Nullable Message quoted, UserId actor, Instant at) implements ChatEvent {
        @Override
        public ConversationId conversation() {
            return message.conversation();
        }
    }

    /** A message was deleted; it says nothing any more. */
    record MessageDeleted(Message message, UserId actor, Instant at) implements ChatEvent {
        @Override
        public ConversationId conversation() {
            return message.conversation();
        }
    }

    /** Someone reacted to a message. */
    record ReactionAdded(Message message, String emoji, UserId actor, Instant at) implements ChatEvent {
        @Override
        public ConversationId conversation() {
            return message.conversation();
        }
    }

    /** Someone took a reaction back. */
    record ReactionRemoved(Message message, String emoji, UserId actor, Instant at) implements ChatEvent {
        @Override
        public ConversationId conversation() {
            return message.conversation();
        }
    }

    /** A conversation was made; told to all its first members. */
    record ConversationCreated(Conversation created, UserId actor, Instant at) implements ChatEvent {
        @Override
        public ConversationId conversation() {
            return created.id();
        }
    }

    /** A conversation's name changed. */
    record ConversationUpdated(Conversation updated, UserId actor, Instant at) implements ChatEvent {
        @Override
        public ConversationId conversation() {
            return updated.id();
        }
    }

    /** Someone joined; also told to the one who did. */
    record MemberJoined(Member member, UserId actor, Instant at) implements ChatEvent {
        @Override
        public ConversationId conversation() {
            return member.conversation();
        }
    }

    /** Someone's role changed. */
    record MemberUpdated(Member member, UserId actor, Instant at) implements ChatEvent {
        @Override
        public ConversationId conversation() {
            return member.conversation();
        }
    }

    /** Someone has read up to {@code seq}, and so received it. */
    record ReadAdvanced(ConversationId conversation, UserId actor, long seq, Instant at) implements ChatEvent {}

    /** Someone has received up to {@code seq}. */
    record DeliveredAdvanced(ConversationId conversation, UserId actor, long seq, Instant at) implements ChatEvent {}

    /** What a message's change tells: its deletion, or else all that it says now. */
    static ChatEvent changed(Message message, @Nullable Message quoted, UserId actor, Instant at) {
        return message.isDeleted()
                ? new MessageDeleted(message, actor, at)
                : new MessageEdited(message, quoted, actor, at);
    }

    /** Someone left or was removed; also told to the one who did. */
    record MemberLeft(Member member, UserId actor, Instant at) implements ChatEvent {
        @Override
        public ConversationId conversation() {
            return member.conversation();
        }
    }
}
