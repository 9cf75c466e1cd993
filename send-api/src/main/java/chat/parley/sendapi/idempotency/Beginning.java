package chat.parley.sendapi.idempotency;

/** What a request with a key has to do. */
sealed interface Beginning {
    /** Do the work, then finish the attempt. */
    record Begun(Attempt attempt) implements Beginning {}

    /** It was done: give this answer again. */
    record Answered(Reply reply) implements Beginning {}

    /** The key stands for another request. */
    record Mismatch() implements Beginning {}

    /** Someone is at it. */
    record InProgress() implements Beginning {}
}
