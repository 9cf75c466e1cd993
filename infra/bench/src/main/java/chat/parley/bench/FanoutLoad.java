package chat.parley.bench;

import java.io.IOException;
import java.time.Duration;

/**
 * One message after the other to everybody who listens, whoever serves it: the same load for Parley and for the floor. Confined to one thread.
 */
final class FanoutLoad {
    /** Messages under way at the same time: one is being delivered while the next one is taken. */
    private static final int WINDOW = 2;

    private static final long READ_PATIENCE_NANOS = 10_000_000_000L;

    /** The sleeping thread wakes late by about this; later than that is the server's. */
    private static final long WAKE_NANOS = 2_000_000;

    /** Of the open loop. */
    private static final double P99_MILLIS_MAX = 100;

    private static final double FIRST_SHARE = 1.05;
    private static final double STEP = 0.05;
    private static final double LAST_SHARE = 0.3;

    /** Sends one message; returns when it is taken. */
    interface Source {
        void send(long stampNanos) throws IOException, InterruptedException;
    }

    /**
     * @param sent messages
     * @param perSecond messages in the time they took, reading included
     */
    record Result(long sent, double perSecond, Tally tally, CpuSample used) {}

    /** CPU times so far of those who serve, and of this process. */
    interface CpuClock {
        CpuSample now() throws IOException;
    }

    private final Source source;
    private final CpuClock cpu;
    private final StreamClients streams;
    private final int receivers;

    FanoutLoad(Source source, CpuClock cpu, StreamClients streams, int receivers) {
        this.source = source;
        this.cpu = cpu;
        this.streams = streams;
        this.receivers = receivers;
    }

    int receivers() {
        return receivers;
    }

    /** As many as go without a growing backlog. */
    Result saturate(Duration duration) throws IOException, InterruptedException {
        var tally = streams.tally();
        var before = cpu.now();
        long start = System.nanoTime();
        long end = start + duration.toNanos();
        long messages = 0;
        while (System.nanoTime() < end) {
            source.send(System.nanoTime());
            messages++;
            if (!tally.await((messages - WINDOW + 1) * receivers, READ_PATIENCE_NANOS)) break;
        }
        tally.await(messages * receivers, READ_PATIENCE_NANOS);
        return new Result(
                messages,
                messages * 1e9 / (System.nanoTime() - start),
                tally,
                cpu.now().since(before));
    }

    /** At a rate; a message that the server's slowness delays counts from when it was due. */
    Result paced(double perSecond, Duration duration) throws IOException, InterruptedException {
        var tally = streams.tally();
        var before = cpu.now();
        long start = System.nanoTime();
        long count = Math.max(1, (long) (perSecond * duration.toNanos() / 1e9));
        for (long i = 0; i < count; i++) {
            long due = start + (long) (i * 1e9 / perSecond);
            Thread.sleep(Duration.ofNanos(Math.max(0, due - System.nanoTime())));
            long now = System.nanoTime();
            source.send(now - due < WAKE_NANOS ? now : due);
        }
        tally.await(count * receivers, READ_PATIENCE_NANOS);
        return new Result(
                count,
                count * 1e9 / (System.nanoTime() - start),
                tally,
                cpu.now().since(before));
    }

    /** The highest of falling rates at which p99 stays within 100 ms and all arrive; the lowest rate tried where none is. */
    Result best(double ceiling, Duration duration) throws IOException, InterruptedException {
        double share = FIRST_SHARE;
        while (true) {
            double rate = ceiling * share;
            var result = paced(rate, duration);
            boolean isGood = result.tally.messages() >= result.sent * receivers
                    && result.tally.latencies().millis(0.99) <= P99_MILLIS_MAX;
            if (isGood || share - STEP < LAST_SHARE) return result;
            share -= STEP;
        }
    }
}
