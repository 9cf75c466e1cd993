package chat.parley.standalone;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns SIGTERM and Ctrl-C into an orderly end: the main thread stops waiting and closes what it opened, in its order, and the
 * JVM ends only afterwards, with exit code 0.
 */
final class Shutdown {
    private static final Logger LOG = LoggerFactory.getLogger(Shutdown.class);

    /** Longer than draining the streams (10 s) and stopping both servers (15 s) take at most; then the end is no longer orderly. */
    private static final Duration CLOSING_MAX = Duration.ofSeconds(40);

    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);

    private Shutdown() {}

    /** From now on a signal means: close and end. The caller promises {@link #closed}. */
    static Shutdown onSignal() {
        var shutdown = new Shutdown();
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("shutdown").unstarted(shutdown::endOrderly));
        return shutdown;
    }

    /** Returns when the process is asked to end. */
    void await() throws InterruptedException {
        asked.await();
    }

    /** Everything is closed; call it also after a failed start. */
    void closed() {
        closed.countDown();
    }

    private void endOrderly() {
        if (closed.getCount() == 0) return; // the end of main: its own exit code counts
        asked.countDown();
        var inTime = false;
        try {
            inTime = closed.await(CLOSING_MAX.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!inTime) LOG.error("Not everything was closed within {}; ending anyway", CLOSING_MAX);
        // Without this the JVM would report 143 or 130 for an end that was asked for and went well.
        Runtime.getRuntime().halt(inTime ? 0 : 1);
    }
}
