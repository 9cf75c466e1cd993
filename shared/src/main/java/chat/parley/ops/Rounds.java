package chat.parley.ops;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that a process does again and again beside its requests: a thread, a pause, a round. A round that fails is logged and ends nothing; one that meets a
 * store that is away is logged once, until one goes through again.
 */
public final class Rounds implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Rounds.class);

    /** Longest wait for the round under way: it is made of steps that take less. */
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    private final String name;
    private final Duration first;
    private final Duration pause;
    private final Runnable round;
    private final CountDownLatch ending = new CountDownLatch(1);
    private final Thread thread;

    /** Rounds with {@code pause} before each, the first one too. */
    public Rounds(String name, Duration pause, Runnable round) {
        this(name, pause, pause, round);
    }

    /**
     * Rounds that begin with {@link #start}.
     *
     * @param name of the thread, and in the log
     * @param first before the first round
     * @param pause between two rounds
     * @param round may end early when {@link #isEnding}
     */
    public Rounds(String name, Duration first, Duration pause, Runnable round) {
        this.name = name;
        this.first = first;
        this.pause = pause;
        this.round = round;
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
    }

    /** Begins. */
    public void start() {
        thread.start();
    }

    /** Whether the process ends: a round should come to an end too. */
    public boolean isEnding() {
        return ending.getCount() == 0;
    }

    /** Waits within a round; false when the process ends. */
    public boolean rest(Duration time) {
        try {
            return !ending.await(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Waits some seconds for the round under way. */
    @Override
    public void close() {
        ending.countDown();
        try {
            thread.join(CLOSE_LIMIT);
        } catch (IllegalThreadStateException e) {
            LOG.debug("{} never began", name, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        boolean working = true;
        for (boolean goesOn = rest(first); goesOn; goesOn = rest(pause)) {
            try {
                round.run();
                working = true;
            } catch (StoreUnavailable e) {
                if (working) {
                    LOG.warn("{} waits: {}", name, e.getMessage());
                }
                working = false;
            } catch (RuntimeException e) {
                // An exception that left this method would end the thread for good.
                LOG.error("{} failed and tries again", name, e);
            }
        }
    }
}
