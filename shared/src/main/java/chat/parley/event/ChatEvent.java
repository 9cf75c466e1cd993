package chat.parley.event;

import chat.parley.conversation.Conversation;
import chat.parley.conversation.Member;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import java.time.Instant;

/** Something that happened in a conversation and that its members are told. */
public sealed interface ChatEvent {
    /** Where it happened. */
    ConversationId conversation();

    /** Who did it. */
    UserId actor();

    /** When it was committed. */
    Instant at();

    /** A message was sent. */
    record MessageCreated(Message message) implements ChatEvent {
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

    /** Someone left or was removed; also told to the one who did. */
    record MemberLeft(Member member, UserId actor, Instant at) implements ChatEvent {
        @Override
        public ConversationId conversation() {
            return member.conversation();
        }
    }
}
