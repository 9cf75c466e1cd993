package chat.parley.message;

import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.Outbox;
import chat.parley.postgres.Postgres;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits whatever came in while its last commit ran, all together: one statement, one round trip, one flush to disk. There is no timer, so a lone
 * message goes at once.
 *
 * <p>One thread a node: two made the batches half as large, and a batch costs PostgreSQL most of what it costs to commit one message.
 */
final class AppendWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AppendWriter.class);

    /** Most messages of one commit: some milliseconds, in which their conversations' rows are locked. */
    static final int BATCH_MAX = 200;

    /** Most messages waiting. Two seconds of all this machine can store; whoever finds the queue full is told at once. */
    private static final int QUEUE_MAX = 20_000;

    private static final long IDLE_MILLIS = 200;
    private static final long CLOSE_LIMIT_MILLIS = 6_000;

    private final BlockingQueue<Draft> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final AppendStatement statement;
    private final DistributionSummary batchSizes;
    private final Thread thread;
    private volatile boolean closing;

    /** A message to be stored, its details as stored, and who waits for it. */
    record Draft(
            NewMessage message, @Nullable String details, byte[] bodyHash, CompletableFuture<AppendOutcome> result) {}

    AppendWriter(Postgres postgres, @Nullable Outbox outbox, InstantSource clock, MeterRegistry meters) {
        this.statement = new AppendStatement(postgres.dataSource(), outbox, clock);
        this.batchSizes = meters.summary("parley.append.batch");
        meters.gauge("parley.append.waiting", queue, BlockingQueue::size);
        this.thread = Thread.ofPlatform().name("append").daemon().start(this::run);
    }

    void add(Draft draft) {
        if (closing || !queue.offer(draft)) {
            fail(
                    draft,
                    new RejectedExecutionException(closing ? "the store is closing" : "too many messages are waiting"));
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
        var batch = new ArrayList<Draft>(BATCH_MAX);
        var repeats = new ArrayList<Draft>();
        try {
            while (!closing || !queue.isEmpty() || !repeats.isEmpty()) {
                take(batch, repeats);
                if (!batch.isEmpty()) {
                    store(batch);
                    batch.clear();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Fills {@code batch}. One key twice would collide with itself: the second waits for the next batch, and is answered from what the first stored. */
    private void take(List<Draft> batch, List<Draft> repeats) throws InterruptedException {
        var taken = new ArrayList<Draft>(repeats);
        repeats.clear();
        if (taken.isEmpty()) {
            var first = queue.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
            if (first == null) {
                return;
            }
            taken.add(first);
        }
        queue.drainTo(taken, BATCH_MAX - taken.size());
        var keys = new HashSet<Key>();
        for (var draft : taken) {
            var message = draft.message;
            if (draft.result.isDone()) {
                continue; // its caller gave up: too late to be of use
            }
            if (keys.add(
                    new Key(message.conversation().value(), message.sender().value(), message.clientMessageId()))) {
                batch.add(draft);
            } else {
                repeats.add(draft);
            }
        }
    }

    private record Key(long conversation, long sender, String clientMessageId) {}

    private void store(List<Draft> batch) {
        batchSizes.record(batch.size());
        try {
            complete(batch, statement.run(batch));
        } catch (SQLException e) {
            if (Postgres.isUnavailable(e)) {
                LOG.warn("{} messages without an answer from PostgreSQL: {}", batch.size(), e.toString());
                batch.forEach(draft -> fail(draft, e));
                if (AppendStatement.isAway(e)) {
                    // The others would wait as long for the same answer, one batch after another.
                    failAll(e);
                }
            } else if (batch.size() == 1) {
                batch.getFirst()
                        .result
                        .completeExceptionally(new IllegalStateException("PostgreSQL refused a message", e));
            } else {
                // One of them is to blame; the others must not suffer for it.
                LOG.info("storing {} messages one by one after {}", batch.size(), e.toString());
                batch.forEach(draft -> store(List.of(draft)));
            }
        } catch (RuntimeException e) {
            LOG.error("storing {} messages failed for a reason of ours", batch.size(), e);
            batch.forEach(draft -> draft.result.completeExceptionally(e));
        }
    }

    private static void complete(List<Draft> batch, List<AppendOutcome> outcomes) {
        for (int i = 0; i < batch.size(); i++) {
            batch.get(i).result.complete(outcomes.get(i));
        }
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
