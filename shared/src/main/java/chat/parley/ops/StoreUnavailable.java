package chat.parley.ops;

/**
 * A store did not answer in time or could not be reached. The outcome of the call is unknown: it may still have been, or yet be,
 * carried out. Every write of this project can be repeated under its key, so the answer to a client is a retryable 503.
 */
public final class StoreUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String store;

    /** @param store which one, as {@code /readyz} names it: "postgres", "redis" */
    public StoreUnavailable(String store, Throwable cause) {
        super(store + " did not answer: " + cause.getMessage(), cause);
        this.store = store;
    }

    /** Which store, as {@code /readyz} names it. */
    public String store() {
        return store;
    }
}
