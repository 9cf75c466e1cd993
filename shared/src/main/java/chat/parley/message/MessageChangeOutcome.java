package chat.parley.message;

import java.time.Instant;

/** What became of a {@link MessageChange}. Everything but the first changed nothing. */
public sealed interface MessageChangeOutcome {
    /** Done and durable. {@code reminder} keeps it remembered until it is published. */
    record Changed(Message message, Instant at, Reminder reminder) implements MessageChangeOutcome {}

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
