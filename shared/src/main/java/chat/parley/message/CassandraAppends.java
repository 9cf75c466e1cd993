package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.message.AppendWriter.Draft;
import chat.parley.ops.StoreUnavailable;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Collects sends by conversation: what comes in while a conversation's last batch is under way goes into its next one. A virtual thread for each conversation that has something
 * to store, so one that waits for another node holds up nobody else.
 */
final class CassandraAppends implements AutoCloseable {
    /** Most messages of one batch. */
    private static final int BATCH_MAX = 200;

    /** Most bytes of text and details of one batch: all replicas hold it twice while it is agreed on. */
    private static final long BATCH_BYTES_MAX = 1_000_000;

    /** Most messages waiting, as in PostgreSQL's writers. */
    private static final int QUEUE_MAX = 20_000;

    /** Most batches under way from this node: beyond, a ring only gets slower. */
    static final int UNDER_WAY_MAX = 256;

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(6);
    private static final long CLOSE_POLL_MILLIS = 10;

    /** Below the wait of the sender, see {@link MessageStore#RESULT_LIMIT}. */
    private static final Duration LIMIT = Duration.ofMillis(4_500);

    private final CassandraAppend append;
    private final CassandraTurns turns;
    private final ConcurrentHashMap<ConversationId, Lane> lanes = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Semaphore underWay = new Semaphore(UNDER_WAY_MAX);
    private final DistributionSummary batchSizes;
    private volatile boolean closing;

    CassandraAppends(CassandraAppend append, CassandraTurns turns, MeterRegistry meters) {
        this.append = append;
        this.turns = turns;
        this.batchSizes = meters.summary("parley.append.batch");
        meters.gauge("parley.append.waiting", waiting);
    }

    /** The waiting messages of one conversation; there is a lane exactly while a thread works on it. */
    private static final class Lane {
        final ArrayDeque<Draft> drafts = new ArrayDeque<>();
    }

    void add(Draft draft) {
        if (closing || waiting.incrementAndGet() > QUEUE_MAX) {
            if (!closing) {
                waiting.decrementAndGet();
            }
            fail(
                    List.of(draft),
                    new RejectedExecutionException(closing ? "the store is closing" : "too many messages are waiting"));
            return;
        }
        var conversation = draft.message().conversation();
        lanes.compute(conversation, (id, lane) -> {
            if (lane == null) {
                lane = new Lane();
                Thread.ofVirtual().name("append").start(() -> work(id));
            }
            lane.drafts.add(draft);
            return lane;
        });
    }

    /** Whatever happens, nobody is left waiting in a lane that no thread works on. */
    private void work(ConversationId conversation) {
        var batch = new ArrayList<Draft>();
        try {
            storeAll(conversation, batch);
        } catch (Throwable e) { // also what is no RuntimeException, for example too little memory
            var lane = lanes.remove(conversation);
            if (lane != null) {
                waiting.addAndGet(-lane.drafts.size());
                batch.addAll(lane.drafts);
            }
            fail(batch, new IllegalStateException("the thread that stores died", e));
            throw e;
        }
    }

    private void storeAll(ConversationId conversation, List<Draft> batch) {
        for (boolean goesOn = false; true; goesOn = true) {
            batch.clear();
            lanes.computeIfPresent(conversation, (id, lane) -> {
                take(lane.drafts, batch);
                return batch.isEmpty() ? null : lane;
            });
            if (batch.isEmpty()) {
                return;
            }
            waiting.addAndGet(-batch.size());
            store(conversation, batch, goesOn);
        }
    }

    /** The second one of a key waits for the next batch and is answered from what the first stored. */
    private static void take(ArrayDeque<Draft> drafts, List<Draft> batch) {
        var keys = new HashSet<CassandraKeys.Name>();
        long bytes = 0;
        while (!drafts.isEmpty() && batch.size() < BATCH_MAX) {
            bytes += size(drafts.getFirst());
            boolean isNew = keys.add(CassandraKeys.Name.of(drafts.getFirst()));
            if (!isNew || (bytes > BATCH_BYTES_MAX && !batch.isEmpty())) {
                return;
            }
            batch.add(drafts.removeFirst());
        }
    }

    private static int size(Draft draft) {
        var text = draft.message().body().text();
        var details = draft.details();
        return (text == null ? 0 : text.length()) + (details == null ? 0 : details.length());
    }

    private void store(ConversationId conversation, List<Draft> batch, boolean goesOn) {
        try {
            append(conversation, batch, goesOn);
        } catch (StoreUnavailable e) {
            // Who waits behind would wait as long for the same answer.
            batch.addAll(waiting(conversation));
            fail(batch, e);
        } catch (RuntimeException e) {
            if (batch.size() == 1) {
                batch.getFirst()
                        .result()
                        .completeExceptionally(new IllegalStateException("Cassandra refused a message", e));
            } else {
                // One of them is to blame; the others must not suffer for it.
                batch.forEach(draft -> store(conversation, new ArrayList<>(List.of(draft)), goesOn));
            }
        }
    }

    private void append(ConversationId conversation, List<Draft> batch, boolean goesOn) {
        underWay.acquireUninterruptibly();
        try {
            batch.removeIf(draft -> draft.result().isDone()); // its caller gave up: too late to be of use
            if (!batch.isEmpty()) {
                batchSizes.record(batch.size());
                turns.take(conversation, LIMIT, () -> append.run(conversation, batch, goesOn));
            }
        } finally {
            underWay.release();
        }
    }

    /** Takes what waits. */
    private List<Draft> waiting(ConversationId conversation) {
        var drafts = new ArrayList<Draft>();
        lanes.computeIfPresent(conversation, (id, lane) -> {
            waiting.addAndGet(-lane.drafts.size());
            drafts.addAll(lane.drafts);
            lane.drafts.clear();
            return lane;
        });
        return drafts;
    }

    private static void fail(List<Draft> drafts, Exception cause) {
        var failure = cause instanceof StoreUnavailable known ? known : new StoreUnavailable("cassandra", cause);
        drafts.forEach(draft -> draft.result().completeExceptionally(failure));
    }

    @Override
    public void close() {
        closing = true;
        long end = System.nanoTime() + CLOSE_LIMIT.toNanos();
        try {
            while (!lanes.isEmpty() && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(CLOSE_POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
