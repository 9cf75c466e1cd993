package chat.parley.stream;

import chat.parley.event.EncodedEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;

/**
 * Bounds how many streams are rebuilt from history at once, so that thousands who come back after a week take turns and those who are live notice nothing. Who comes first
 * is served first; who would wait too long is sent away and comes back. Safe for use by many threads.
 */
final class Rebuilds {
    /** Of a write that waits for the socket: a slow client is noticed after one of them. */
    private static final int WRITE_BYTES = 64 * 1024;

    private final Limits limits;
    private final StreamMeters meters;
    private final LongSupplier nanos;
    private final Semaphore places;

    /**
     * How much at once.
     *
     * @param places rebuilds under way: each holds what {@link MergedChanges} read ahead, mostly some hundred kilobytes
     * @param patience longest wait for a place: polls get no byte meanwhile, and proxies end what is silent
     * @param clientTime after so long of waiting for its client a rebuild gives way to those who wait
     */
    record Limits(int places, Duration patience, Duration clientTime) {
        static final Limits DEFAULT = new Limits(32, Duration.ofSeconds(20), Duration.ofSeconds(30));
    }

    /** There was no place in time, or who wanted one is gone. */
    static final class Full extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Full() {
            super("too many streams are rebuilt", null, false, false);
        }
    }

    /** @param nanos a clock that only measures, as {@link System#nanoTime} */
    Rebuilds(Limits limits, StreamMeters meters, LongSupplier nanos) {
        this.limits = limits;
        this.meters = meters;
        this.nanos = nanos;
        this.places = new Semaphore(limits.places, true);
    }

    /**
     * Waits for a place. Whoever gets one closes it.
     *
     * @param gone whether who wants it is not there any more
     * @throws Full instead of a place
     */
    Place enter(BooleanSupplier gone) {
        long began = nanos.getAsLong();
        meters.rebuildWaits(1);
        boolean entered = false;
        try {
            entered = places.tryAcquire(limits.patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            meters.rebuildWaits(-1);
        }
        if (!entered) {
            meters.rebuildRefused();
            throw new Full();
        }
        if (gone.getAsBoolean()) {
            places.release();
            throw new Full();
        }
        meters.rebuildBegins(Duration.ofNanos(nanos.getAsLong() - began));
        return new Place();
    }

    /** One rebuild under way. */
    final class Place implements AutoCloseable {
        private final long began = nanos.getAsLong();
        private final AtomicBoolean closed = new AtomicBoolean();
        private final AtomicLong clientNanos = new AtomicLong();
        private volatile boolean gaveWay;

        private Place() {}

        /** Does what waits for the client's socket, and answers what it answers. */
        int toClient(IntSupplier write) {
            long from = nanos.getAsLong();
            int written = write.getAsInt();
            clientNanos.addAndGet(nanos.getAsLong() - from);
            return written;
        }

        /**
         * Tells the client a part, so much at a time as one write takes, and no more of it once it {@link #gaveWay}.
         *
         * @param write waits for the socket, and answers how many it wrote
         */
        int toClient(List<EncodedEvent> part, ToIntFunction<List<EncodedEvent>> write) {
            int written = 0;
            int from = 0;
            while (from < part.size() && !gaveWay) {
                int to = from;
                for (int bytes = 0; to < part.size() && bytes < WRITE_BYTES; to++) {
                    bytes += part.get(to).json().length;
                }
                var some = part.subList(from, to);
                written += toClient(() -> write.applyAsInt(some));
                gaveWay = givesWay();
                from = to;
            }
            return written;
        }

        /** Whether it stopped in the middle. */
        boolean gaveWay() {
            return gaveWay;
        }

        /** Whether its client is slow and others wait: then it had better end as a reset, which needs no place. */
        boolean givesWay() {
            return clientNanos.get() >= limits.clientTime.toNanos() && places.hasQueuedThreads();
        }

        /** A part of it is told. */
        void page() {
            meters.rebuildPage();
        }

        /** Repeating it changes nothing. */
        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                meters.rebuildEnds(Duration.ofNanos(nanos.getAsLong() - began));
                places.release();
            }
        }
    }
}
