package chat.parley.receipt;

/** What became of {@link NewMarks}. */
public sealed interface MarkOutcome {
    /** The marks as they stand now, durable; moved by this or not. */
    record Stand(Marks marks) implements MarkOutcome {}

    /** No member, or no such conversation. Nothing changed. */
    record NotFound() implements MarkOutcome {}

    /** There is no such message yet. Nothing changed: marks never go back, so a mistake would hide messages for ever. */
    record BeyondLast() implements MarkOutcome {}
}
