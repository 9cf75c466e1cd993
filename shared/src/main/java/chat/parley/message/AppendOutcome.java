package chat.parley.message;

/** What became of a {@link NewMessage}. */
public sealed interface AppendOutcome {
    /** Durable. {@code reminder} keeps it remembered until it is published. */
    record Stored(Message message, Reminder reminder) implements AppendOutcome {}

    /** This key stored this very message before; nothing changed. */
    record AlreadyStored(Message message) implements AppendOutcome {}

    /** This key stored another text before; nothing changed. */
    record KeyReused() implements AppendOutcome {}

    /** Members changed since the roster was read, or the conversation is gone: read the roster again and decide anew. Nothing changed. */
    record RosterChanged() implements AppendOutcome {}
}
