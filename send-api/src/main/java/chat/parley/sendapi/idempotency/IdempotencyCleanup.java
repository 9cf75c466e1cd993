package chat.parley.sendapi.idempotency;

import chat.parley.ops.StoreUnavailable;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes old rows now and then. Every node does so; they skip what another one is deleting. */
public final class IdempotencyCleanup implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(IdempotencyCleanup.class);

    /** Often enough that a step is small; rows of an hour past their day harm nobody. */
    private static final Duration PAUSE = Duration.ofMinutes(10);

    private final Thread thread;

    /** Starts the thread. */
    public IdempotencyCleanup(IdempotencyKeys keys) {
        thread = Thread.ofPlatform().name("idempotency-cleanup").daemon().start(() -> run(keys));
    }

    private static void run(IdempotencyKeys keys) {
        try {
            while (true) {
                Thread.sleep(PAUSE);
                clean(keys);
            }
        } catch (InterruptedException e) {
            LOG.debug("cleanup of idempotency keys ends", e);
        }
    }

    private static void clean(IdempotencyKeys keys) {
        try {
            int deleted = keys.clean();
            LOG.debug("{} old idempotency keys deleted", deleted);
        } catch (StoreUnavailable e) {
            LOG.warn("old idempotency keys stay until the next round: {}", e.getMessage());
        } catch (RuntimeException e) {
            // An exception that left this method would end the thread for good.
            LOG.error("deleting old idempotency keys failed", e);
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
