package chat.parley.bench;

import java.util.Arrays;

/** Measured times, all of them kept, so that quantiles are exact. Safe for use by many threads. */
final class Latencies {
    /** 64 MB; a run within the bounds of {@link Options} stays below. Past it the first ones stand for all. */
    private static final int KEPT_MAX = 8 << 20;

    private static final double NANOS_PER_MILLI = 1e6;

    private long[] nanos = new long[1024];
    private int kept;

    synchronized void add(long durationNanos) {
        if (kept == KEPT_MAX) return;
        if (kept == nanos.length) nanos = Arrays.copyOf(nanos, nanos.length * 2);
        nanos[kept++] = durationNanos;
    }

    synchronized void addAll(Latencies others) {
        for (int i = 0; i < others.kept; i++) add(others.nanos[i]);
    }

    /** The time in ms that {@code share} (0 to 1) of all stay within; 0 where nothing was measured. */
    synchronized double millis(double share) {
        if (kept == 0) return 0;
        var sorted = Arrays.copyOf(nanos, kept);
        Arrays.sort(sorted);
        return sorted[Math.clamp((long) Math.ceil(share * kept) - 1, 0, kept - 1)] / NANOS_PER_MILLI;
    }
}
