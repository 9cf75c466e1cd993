package chat.parley.stream;

import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * What all streams of a process share, so that each holds one reference.
 *
 * @param retries how long clients shall wait before they connect again; used by many threads
 * @param behind takes a stream that missed something and returns at once
 */
record Node(
        SubscriberRegistry registry,
        Admission admission,
        Heartbeats heartbeats,
        StreamEvents events,
        StreamMeters meters,
        InstantSource clock,
        Retries retries,
        Consumer<Subscriber> behind) {

    /** Waits before the next connection, drawn at random: clients that left together must not come back together. */
    record Retries(RandomGenerator random) {
        private static final Duration LEAST = Duration.ofMillis(1_500);
        private static final Duration MOST = Duration.ofSeconds(4);
        private static final Duration DRAIN_LEAST = Duration.ofSeconds(2);
        private static final Duration DRAIN_MOST = Duration.ofSeconds(30);
        private static final Duration PAUSED_LEAST = Duration.ofSeconds(60);
        private static final Duration PAUSED_MOST = Duration.ofSeconds(90);

        Duration usual() {
            return between(LEAST, MOST);
        }

        /** After a node left, the others take all of its clients. */
        Duration afterDrain() {
            return between(DRAIN_LEAST, DRAIN_MOST);
        }

        /** A page in the background connects again by itself; one that comes back opens a new stream and does not wait. */
        Duration whilePaused() {
            return between(PAUSED_LEAST, PAUSED_MOST);
        }

        Duration between(Duration least, Duration most) {
            return Duration.ofMillis(random.nextLong(least.toMillis(), most.toMillis() + 1));
        }
    }
}
