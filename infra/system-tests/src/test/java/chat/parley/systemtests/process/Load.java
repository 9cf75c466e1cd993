package chat.parley.systemtests.process;

import chat.parley.systemtests.history.Attempt;
import chat.parley.systemtests.history.History;
import chat.parley.systemtests.history.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * People who keep sending, each message until it is acknowledged, each in one conversation after the other. Every request is recorded,
 * also those that nobody answered.
 */
public final class Load implements AutoCloseable {
    /** Longest a sender goes on with one message: longer than any outage here. */
    private static final Duration GIVE_UP_AFTER = Duration.ofSeconds(60);

    private static final Duration RETRY_AFTER = Duration.ofMillis(100);

    private final History history;
    private final Duration pause;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final LongSummary latencies = new LongSummary();

    private Load(History history, Duration pause) {
        this.history = history;
        this.pause = pause;
    }

    /**
     * Starts to send.
     *
     * @param pause between two messages of one sender, so that the senders do not take the whole machine
     */
    public static Load start(History history, List<Person> senders, List<String> conversations, Duration pause) {
        var load = new Load(history, pause);
        for (int i = 0; i < senders.size(); i++) {
            var sender = senders.get(i);
            int first = i;
            load.threads.add(Thread.ofVirtual().start(() -> load.run(sender, conversations, first)));
        }
        return load;
    }

    /** Lets every sender finish its message, and returns when all have. */
    @Override
    public void close() throws InterruptedException {
        stop.countDown();
        for (var thread : threads) thread.join();
        var thrown = failure.get();
        if (thrown != null) throw new AssertionError("a sender failed", thrown);
    }

    /** The longest a first answer of OK took since the last call. */
    public Duration slowestAcknowledgement() {
        return latencies.takeMax();
    }

    private void run(Person sender, List<String> conversations, int first) {
        try {
            for (int i = 0; !stop.await(i == 0 ? 0 : pause.toMillis(), TimeUnit.MILLISECONDS); i++) {
                var conversation = conversations.get((first + i) % conversations.size());
                sendUntilStored(sender, conversation, sender.username() + "-" + i);
            }
        } catch (InterruptedException | RuntimeException | AssertionError e) {
            failure.compareAndSet(null, e);
        }
    }

    private void sendUntilStored(Person sender, String conversation, String key) throws InterruptedException {
        long began = System.nanoTime();
        while (true) {
            var attempt = timed(() -> sender.send(conversation, key, "text of " + key));
            history.attempted(attempt);
            if (attempt.outcome() == Outcome.OK) return;
            if (attempt.outcome() == Outcome.FAILED) throw new AssertionError(key + " was refused");
            if (System.nanoTime() - began > GIVE_UP_AFTER.toNanos()) {
                throw new AssertionError(key + " was not acknowledged within " + GIVE_UP_AFTER);
            }
            new CountDownLatch(1).await(RETRY_AFTER.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private interface Sending {
        Attempt send() throws InterruptedException;
    }

    private Attempt timed(Sending sending) throws InterruptedException {
        long began = System.nanoTime();
        var attempt = sending.send();
        if (attempt.outcome() == Outcome.OK) latencies.add(System.nanoTime() - began);
        return attempt;
    }

    /** The largest of the durations since it was last asked. */
    private static final class LongSummary {
        private final java.util.concurrent.atomic.AtomicLong max = new java.util.concurrent.atomic.AtomicLong();

        void add(long nanos) {
            max.accumulateAndGet(nanos, Math::max);
        }

        Duration takeMax() {
            return Duration.ofNanos(max.getAndSet(0));
        }
    }
}
