package chat.parley.receipt;

import chat.parley.message.MessageHeads;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits the marks that came in while its last commit ran, all together: one statement, one flush to disk. One thread, so that what moved is handed
 * on in the order in which it moved.
 */
final class MarkWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MarkWriter.class);

    /** Most marks of one commit: some milliseconds, in which their rows are locked. */
    static final int BATCH_MAX = 500;

    /** Most marks waiting; whoever finds the queue full is told at once. Clients repeat marks by nature. */
    private static final int QUEUE_MAX = 20_000;

    /** Until a row that another transaction holds is tried again: about as long as a commit takes. */
    private static final long HELD_MILLIS = 2;

    private static final long IDLE_MILLIS = 200;
    private static final long CLOSE_LIMIT_MILLIS = 6_000;

    private final BlockingQueue<Draft> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final MarkStatement statement;
    private final Consumer<Advance> moved;
    private final DistributionSummary batchSizes;
    private final Thread thread;
    private volatile boolean closing;

    /** Marks to be moved and who waits for it. */
    record Draft(NewMarks marks, CompletableFuture<MarkOutcome> result) {}

    MarkWriter(
            Postgres postgres, MessageHeads heads, InstantSource clock, MeterRegistry meters, Consumer<Advance> moved) {
        this.statement = new MarkStatement(postgres.dataSource(), heads, clock);
        this.moved = moved;
        this.batchSizes = meters.summary("parley.marks.batch");
        meters.gauge("parley.marks.waiting", queue, BlockingQueue::size);
        this.thread = Thread.ofPlatform().name("marks").daemon().start(this::run);
    }

    void add(Draft draft) {
        if (closing || !queue.offer(draft)) {
            fail(
                    draft,
                    new RejectedExecutionException(closing ? "the store is closing" : "too many marks are waiting"));
        } else if (closing && !thread.isAlive()) {
            failAll(new RejectedExecutionException("the store is closed"));
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join(CLOSE_LIMIT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        failAll(new RejectedExecutionException("the store is closed"));
    }

    private void run() {
        List<Draft> held = List.of();
        try {
            while (!closing || !queue.isEmpty() || !held.isEmpty()) {
                var batch = new ArrayList<Draft>(held);
                // Whoever gave up, or repeats the mark, must not keep a held row's draft going round for ever.
                batch.removeIf(draft -> draft.result.isDone());
                var first = queue.poll(batch.isEmpty() ? IDLE_MILLIS : HELD_MILLIS, TimeUnit.MILLISECONDS);
                if (first != null) {
                    batch.add(first);
                    queue.drainTo(batch, BATCH_MAX - batch.size());
                }
                held = batch.isEmpty() ? batch : store(batch);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Answers those whose rows another transaction held. */
    private List<Draft> store(List<Draft> batch) {
        batchSizes.record(batch.size());
        var held = new ArrayList<Draft>();
        try {
            var result = statement.run(batch.stream().map(Draft::marks).toList());
            result.advances().forEach(moved);
            for (int i = 0; i < batch.size(); i++) {
                var outcome = result.outcomes().get(i);
                if (outcome == null) {
                    held.add(batch.get(i));
                } else {
                    batch.get(i).result.complete(outcome);
                }
            }
        } catch (SQLException e) {
            if (Postgres.isUnavailable(e)) {
                LOG.warn("{} marks without an answer from PostgreSQL: {}", batch.size(), e.toString());
                batch.forEach(draft -> fail(draft, e));
            } else {
                batch.forEach(draft ->
                        draft.result.completeExceptionally(new IllegalStateException("PostgreSQL refused marks", e)));
            }
        } catch (StoreUnavailable e) {
            LOG.warn("{} marks without an answer: {}", batch.size(), e.toString());
            batch.forEach(draft -> draft.result.completeExceptionally(e));
        } catch (RuntimeException e) {
            LOG.error("moving {} marks failed for a reason of ours", batch.size(), e);
            batch.forEach(draft -> draft.result.completeExceptionally(e));
        }
        return held;
    }

    private void failAll(Exception cause) {
        for (var draft = queue.poll(); draft != null; draft = queue.poll()) {
            fail(draft, cause);
        }
    }

    private static void fail(Draft draft, Exception cause) {
        draft.result.completeExceptionally(new StoreUnavailable("postgres", cause));
    }
}
