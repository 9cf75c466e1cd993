package chat.parley.notifier;

import chat.parley.push.Vendor;
import java.io.IOException;

/**
 * Hands pushes to one vendor, in its dialect. Safe for use by many threads, which may be virtual ones: a call blocks until the vendor answered, 10 s at
 * most. Bounds, retries and the circuit breaker are the caller's.
 */
interface PushSender extends AutoCloseable {
    /** Whose dialect it speaks; only devices with such a target are sent to. */
    Vendor vendor();

    /**
     * Hands in one push. A body that does not fit the vendor's limit is cut between two characters.
     *
     * @throws IOException when it is not known whether the vendor took it: to be tried again
     */
    PushResult send(Push push) throws IOException, InterruptedException;

    /** Ends connections. */
    @Override
    void close();
}
