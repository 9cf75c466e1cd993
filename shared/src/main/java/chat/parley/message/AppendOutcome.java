package chat.parley.message;

/** What became of a {@link NewMessage}. */
public sealed interface AppendOutcome {
    /**
     * Durable.
     *
     * @param reminder keeps it remembered until it is published
     * @param departedMillis in a large group: when someone left last, before this message; 0 if nobody did
     */
    record Stored(Message message, Reminder reminder, long departedMillis) implements AppendOutcome {
        /** Of a conversation from which nobody is known to have left, or that is not large. */
        public Stored(Message message, Reminder reminder) {
            this(message, reminder, 0);
        }
    }

    /** This key stored this very message before; nothing changed. */
    record AlreadyStored(Message message) implements AppendOutcome {}

    /** This key stored another text before; nothing changed. */
    record KeyReused() implements AppendOutcome {}

    /** Members changed since the roster was read, or the conversation is gone: read the roster again and decide anew. Nothing changed. */
    record RosterChanged() implements AppendOutcome {}
}
