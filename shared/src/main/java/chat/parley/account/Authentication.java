package chat.parley.account;

/** What became of a request's credentials. The reason of a refusal is not told: it would help whoever forges. */
public sealed interface Authentication {
    /** The proof holds. */
    record Accepted(Caller caller) implements Authentication {}

    /** Nothing was offered. */
    record Missing() implements Authentication {}

    /** What was offered does not hold, whatever the reason. */
    record Refused() implements Authentication {}
}
