package chat.parley.sendapi.search;

import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.ops.StoreUnavailable;
import chat.parley.search.SearchIndex;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Indexes what was just stored or changed through this node, some at a time, on a thread of its own: nobody waits for it. What does not fit into its queue, or is lost with
 * the process, is left to {@link IndexSweep}. Safe for use by many threads.
 */
public final class Indexer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Indexer.class);

    /** Messages waiting: some seconds of all that a node can store. */
    private static final int QUEUE_MAX = 20_000;

    /** Characters waiting in all, whatever the messages' size: 32 MB. */
    private static final long QUEUED_CHARACTERS_MAX = 16 * 1024 * 1024;

    private static final int BATCH_MAX = 500;

    /** How long messages are gathered: each batch costs a transaction, and a searcher does not see the difference. */
    private static final long GATHER_MILLIS = 100;

    private static final long IDLE_MILLIS = 200;
    private static final long CLOSE_LIMIT_MILLIS = 3_000;

    private final SearchIndex index;
    private final BlockingQueue<Message> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final AtomicLong characters = new AtomicLong();
    private final Counter indexed;
    private final Counter left;
    private final Thread thread;
    private volatile boolean closing;

    /** Starts the thread; the index is closed by the caller, later than this. */
    public Indexer(SearchIndex index, MeterRegistry meters) {
        this.index = index;
        this.indexed = meters.counter("parley.search.indexed", "by", "indexer");
        this.left = meters.counter("parley.search.left");
        meters.gauge("parley.search.waiting", queue, BlockingQueue::size);
        this.thread = Thread.ofPlatform().name("indexer").daemon().start(this::run);
    }

    /** Takes a message as it stands now. Never waits. */
    public void accept(Message message) {
        if (message.body().type() == MessageBody.Type.SYSTEM) {
            return;
        }
        long size = size(message);
        if (characters.addAndGet(size) > QUEUED_CHARACTERS_MAX || !queue.offer(message)) {
            characters.addAndGet(-size);
            left.increment();
        }
    }

    /** Indexes what waits, then ends; what takes too long is left. */
    @Override
    public void close() {
        closing = true;
        try {
            thread.join(CLOSE_LIMIT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        left.increment(queue.drainTo(new ArrayList<>()));
    }

    private void run() {
        var batch = new ArrayList<Message>(BATCH_MAX);
        try {
            while (!closing || !queue.isEmpty()) {
                var first = queue.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
                if (first == null) {
                    continue;
                }
                if (!closing && queue.size() < BATCH_MAX) {
                    TimeUnit.MILLISECONDS.sleep(GATHER_MILLIS);
                }
                batch.add(first);
                queue.drainTo(batch, BATCH_MAX - 1);
                batch.forEach(message -> characters.addAndGet(-size(message)));
                put(batch);
                batch.clear();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void put(List<Message> batch) {
        try {
            index.put(batch);
            indexed.increment(batch.size());
        } catch (StoreUnavailable e) {
            LOG.warn("{} messages are left to the sweep of the index: {}", batch.size(), e.getMessage());
            left.increment(batch.size());
        } catch (RuntimeException e) {
            LOG.error("{} messages could not be indexed", batch.size(), e);
            left.increment(batch.size());
        }
    }

    private static long size(Message message) {
        var text = message.body().text();
        return text == null ? 0 : text.length();
    }
}
