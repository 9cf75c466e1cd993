package chat.parley.bench;

import java.util.concurrent.atomic.AtomicLong;

/** What arrived on all streams together since a moment. Safe for use by many threads. */
final class Tally {
    private static final int POLL_MILLIS = 2;

    private final long sentSinceNanos;
    private final AtomicLong messages = new AtomicLong();
    private final Latencies latencies = new Latencies();

    /** @param sentSinceNanos what was sent before does not count */
    Tally(long sentSinceNanos) {
        this.sentSinceNanos = sentSinceNanos;
    }

    /** @param sentAtNanos as the sender wrote it into the text */
    void received(long sentAtNanos, long nowNanos) {
        if (sentAtNanos < sentSinceNanos) return;
        latencies.add(nowNanos - sentAtNanos);
        messages.incrementAndGet();
    }

    long messages() {
        return messages.get();
    }

    /** From sending to reading at the receiver. */
    Latencies latencies() {
        return latencies;
    }

    /** Waits for that many, at most for {@code patienceNanos} without any progress; tells whether they came. */
    boolean await(long expected, long patienceNanos) throws InterruptedException {
        long seen = messages.get();
        long progressAt = System.nanoTime();
        while (seen < expected) {
            Thread.sleep(POLL_MILLIS);
            long now = messages.get();
            if (now > seen) progressAt = System.nanoTime();
            else if (System.nanoTime() - progressAt > patienceNanos) return false;
            seen = now;
        }
        return true;
    }
}
