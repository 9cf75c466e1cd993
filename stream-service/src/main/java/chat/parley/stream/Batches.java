package chat.parley.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Work that is done many at a time: what came while other work was being done is done together, in the order in which it came, about. No timer: what comes alone
 * is done at once. Safe for use by many threads.
 */
final class Batches<T> implements Runnable {
    /** While one waits for the stores another one works. */
    private static final int WORKERS = 2;

    private final int size;
    private final Executor blocking;
    private final Consumer<List<T>> work;
    private final Queue<T> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger workers = new AtomicInteger();

    /**
     * @param size most that is done together
     * @param blocking runs what blocks
     * @param work takes what is to be done, at least one; may block
     */
    Batches(int size, Executor blocking, Consumer<List<T>> work) {
        this.size = size;
        this.blocking = blocking;
        this.work = work;
    }

    /** Does not block, as long as {@code blocking} takes anything. */
    void add(T one) {
        waiting.add(one);
        wake();
    }

    private void wake() {
        int working = workers.get();
        while (working < WORKERS && !waiting.isEmpty()) {
            if (workers.compareAndSet(working, working + 1)) {
                begin();
                return;
            }
            working = workers.get();
        }
    }

    private void begin() {
        try {
            blocking.execute(this);
        } catch (RejectedExecutionException e) {
            run(); // the process ends, and waits for what is under way: nobody may be left waiting here
        }
    }

    /** One of the workers. */
    @Override
    public void run() {
        try {
            for (var some = next(); !some.isEmpty(); some = next()) {
                work.accept(some);
            }
        } finally {
            workers.decrementAndGet();
            wake(); // one may have come after this looked and before it left
        }
    }

    private List<T> next() {
        var some = new ArrayList<T>();
        for (var one = waiting.poll(); one != null; one = some.size() < size ? waiting.poll() : null) {
            some.add(one);
        }
        return some;
    }
}
