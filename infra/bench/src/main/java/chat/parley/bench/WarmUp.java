package chat.parley.bench;

import java.io.IOException;
import java.time.Duration;

/**
 * Load until the services run what they will run for weeks: while the JVM compiles, which on two cores takes it a minute and more, half of the CPU of a service is
 * its compilers'.
 */
final class WarmUp {
    private static final Duration SLICE = Duration.ofSeconds(5);

    /** Of the servers' CPU in a slice; a service in use for an hour is far below it. */
    static final double COMPILERS_SHARE_MAX = 0.05;

    /** Of what was asked for: where others are at work on the machine, compiling takes longer. */
    private static final int LONGER_MOST = 6;

    private WarmUp() {}

    @FunctionalInterface
    interface Load {
        void run(Duration duration) throws IOException;
    }

    /** Runs {@code load} for {@code least}, and on until the compilers are at rest, at most {@value #LONGER_MOST} times as long. */
    static void run(Deployment deployment, Duration least, Load load) throws IOException {
        long began = System.nanoTime();
        double share = 1;
        for (var spent = Duration.ZERO;
                spent.compareTo(least) < 0
                        || (share > COMPILERS_SHARE_MAX && spent.compareTo(least.multipliedBy(LONGER_MOST)) < 0);
                spent = Duration.ofNanos(System.nanoTime() - began)) {
            var before = deployment.cpuOfWarmUp();
            load.run(SLICE.compareTo(least) < 0 ? SLICE : least);
            share = deployment.cpuOfWarmUp().since(before).compilersShare();
        }
    }
}
