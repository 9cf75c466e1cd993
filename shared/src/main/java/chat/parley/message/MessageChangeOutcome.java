package chat.parley.message;

import java.time.Instant;

/** What became of a {@link MessageChange}. Everything but the first changed nothing. */
public sealed interface MessageChangeOutcome {
    /**
     * Done and durable.
     *
     * @param reminder keeps it remembered until it is published
     * @param departedMillis in a large group: when someone left last, before this change; 0 if nobody did
     */
    record Changed(Message message, Instant at, Reminder reminder, long departedMillis)
            implements MessageChangeOutcome {
        /** Of a conversation from which nobody is known to have left, or that is not large. */
        public Changed(Message message, Instant at, Reminder reminder) {
            this(message, at, reminder, 0);
        }
    }

    /** It was so already. */
    record Unchanged(Message message) implements MessageChangeOutcome {}

    /** There is no such message. */
    record NoSuchMessage() implements MessageChangeOutcome {}

    /** It was deleted; nothing else can become of it. */
    record AlreadyDeleted() implements MessageChangeOutcome {}

    /** It has {@link MessageStore#REACTION_KINDS_MAX} kinds of reactions, and this would be another one. */
    record TooManyKinds() implements MessageChangeOutcome {}

    /** Members changed since the roster was read: read it again and decide anew. */
    record RosterChanged() implements MessageChangeOutcome {}
}
