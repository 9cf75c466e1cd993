package chat.parley.stream;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How a node leaves: it takes no new streams, tells each open one at a moment of its own within a window to come back elsewhere, and waits until
 * they are gone. All at once would be an attack on the other nodes.
 */
final class Drain {
    private static final long LOOK_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final SubscriberRegistry registry;
    private final Duration window;
    private volatile boolean begun;

    Drain(SubscriberRegistry registry, Duration window) {
        this.registry = registry;
        this.window = window;
    }

    boolean hasBegun() {
        return begun;
    }

    /** Repeating it changes nothing. */
    void begin() {
        if (begun) {
            return;
        }
        begun = true;
        int ticks = (int) Math.max(1, window.toSeconds());
        registry.drain(() -> 1 + ThreadLocalRandom.current().nextInt(ticks));
    }

    /** Returns when nobody listens any more, or so long after the window. */
    void await(Duration grace) throws InterruptedException {
        long end = System.nanoTime() + window.plus(grace).toNanos();
        while (!registry.isEmpty() && System.nanoTime() < end) {
            if (Thread.interrupted()) {
                throw new InterruptedException("told to hurry");
            }
            LockSupport.parkNanos(LOOK_EVERY_NANOS);
        }
    }
}
