package chat.parley.systemtests.history;

/** What the sender was told. */
public enum Outcome {
    /** Acknowledged: it must never be lost. */
    OK,
    /** Refused: it must not be stored. */
    FAILED,
    /** No answer, or a retryable one: it may be stored or not, now or later. */
    UNKNOWN
}
