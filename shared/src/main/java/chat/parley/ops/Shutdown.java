package chat.parley.ops;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for SIGTERM or Ctrl-C, then lets the process close what it opened before the JVM ends. Made first, in {@code main}; the wiring is closed
 * by try-with-resources after {@link #await} returns, and {@link #close} tells the JVM that it may end,
 * with exit code 0.
 */
public final class Shutdown implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Shutdown.class);

    /** Longest the JVM waits for the closing: a drain of a minute and some room. After it, whoever sent the signal would kill us anyway. */
    private static final Duration CLOSING_LIMIT = Duration.ofSeconds(90);

    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);

    /** From here on a signal is noticed. */
    public Shutdown() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::signalled, "shutdown"));
    }

    /** Returns when the process was told to end. */
    public void await() throws InterruptedException {
        asked.await();
    }

    /** Everything is closed: the JVM may end. */
    @Override
    public void close() {
        closed.countDown();
    }

    private void signalled() {
        if (closed.getCount() == 0) {
            return; // main came to its end by itself, and its own exit code counts
        }
        asked.countDown();
        boolean inTime = false;
        try {
            inTime = closed.await(CLOSING_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!inTime) {
            LOG.warn("not everything closed within {} s", CLOSING_LIMIT.toSeconds());
        }
        // Without this the JVM reports 143 or 130 for an end that was asked for and went well.
        Runtime.getRuntime().halt(inTime ? 0 : 1);
    }
}
