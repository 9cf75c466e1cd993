package chat.parley.account;

import chat.parley.ops.StoreUnavailable;
import org.jspecify.annotations.Nullable;

/**
 * Tells who is calling. Safe for use by many threads; may block on PostgreSQL, so never call it from an event loop.
 *
 * <p>A verified token is remembered, so a known one costs about a microsecond. That its session lives is remembered for less than 5 s: a
 * session that ended is refused everywhere within 5 s, and at once by the process that ended it.
 */
@FunctionalInterface
public interface Authenticator {
    /**
     * Judges {@code credentials}. No address named in a token is ever fetched.
     *
     * @throws StoreUnavailable if it cannot be known now whether the proof holds: answer 503, not 401
     */
    Authentication authenticate(Credentials credentials);

    /** The same from memory alone, for an event loop; null where {@link #authenticate} has to be asked. Refuses nobody. */
    default Authentication.@Nullable Accepted known(Credentials credentials) {
        return null;
    }
}
