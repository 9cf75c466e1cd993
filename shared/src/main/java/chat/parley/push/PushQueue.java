package chat.parley.push;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The writing side of the push jobs: whatever came in while the last batch was under way is added by one pipeline. Safe for use by many
 * threads. Jobs that are not known to be queued are answered {@code false}: their outbox row stays, and the relay tries again.
 */
public final class PushQueue implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PushQueue.class);

    /** Most jobs in Redis, about 100 bytes each. Where nobody consumes them the oldest go: a push is stale after a day anyway. */
    private static final String JOBS_MAX = "200000";

    /** Longest queue, in messages; when it is full the relay takes over. */
    private static final int QUEUE_MAX = 20_000;

    private static final int BATCH_JOBS = 1_000;
    private static final long IDLE_MILLIS = 200;
    private static final long PAUSE_MILLIS = 250;
    private static final long CLOSE_LIMIT_MILLIS = 3_000;

    private static final byte[] KEY = RedisKeys.PUSH.getBytes(ISO_8859_1);
    private static final byte[] MAXLEN = "MAXLEN".getBytes(ISO_8859_1);
    private static final byte[] ABOUT = "~".getBytes(ISO_8859_1);
    private static final byte[] MAX = JOBS_MAX.getBytes(ISO_8859_1);
    private static final byte[] NEW_ID = "*".getBytes(ISO_8859_1);
    private static final byte[] FIELD = "e".getBytes(ISO_8859_1);

    private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final Redis redis;
    private final Counter queued;
    private final Counter refused;
    private final Thread thread;
    private @Nullable Connection connection;
    private volatile boolean closing;

    private record Waiting(List<PushJob> jobs, CompletableFuture<Boolean> result) {}

    /** Connects when first needed. */
    public PushQueue(Redis redis, MeterRegistry meters) {
        this.redis = redis;
        this.queued = meters.counter("parley.push.jobs", "outcome", "queued");
        this.refused = meters.counter("parley.push.jobs", "outcome", "refused");
        this.thread = Thread.ofPlatform().name("push-queue").daemon().start(this::run);
    }

    /** Queues all these jobs; true when Redis has all of them. Never completes exceptionally; what is chained to it must be short. */
    public CompletableFuture<Boolean> add(List<PushJob> jobs) {
        var result = new CompletableFuture<Boolean>();
        if (jobs.isEmpty()) {
            result.complete(true);
        } else if (closing || !queue.offer(new Waiting(jobs, result))) {
            refuse(jobs.size(), result);
        } else if (closing && !thread.isAlive()) {
            refuseAll();
        }
        return result;
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join(CLOSE_LIMIT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        refuseAll();
    }

    private void run() {
        var batch = new ArrayList<Waiting>();
        try {
            while (!closing || !queue.isEmpty()) {
                var next = queue.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
                int jobs = 0;
                while (next != null) {
                    batch.add(next);
                    jobs += next.jobs.size();
                    next = jobs < BATCH_JOBS ? queue.poll() : null;
                }
                if (!batch.isEmpty() && !write(batch)) {
                    batch.forEach(waiting -> refuse(waiting.jobs.size(), waiting.result));
                    refuseAll();
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
                }
                batch.clear();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            disconnect();
        }
    }

    /** False when the connection was lost. */
    private boolean write(List<Waiting> batch) {
        List<Object> replies;
        try {
            var open = connected();
            int jobs = 0;
            for (var waiting : batch) {
                for (var job : waiting.jobs) {
                    byte[] text = job.text().getBytes(ISO_8859_1);
                    open.sendCommand(Command.XADD, KEY, MAXLEN, ABOUT, MAX, NEW_ID, FIELD, text);
                    jobs++;
                }
            }
            replies = open.getMany(jobs);
        } catch (StoreUnavailable | JedisException e) {
            LOG.warn("push jobs are left to the relay: {}", e.toString());
            disconnect();
            return false;
        }
        int next = 0;
        for (var waiting : batch) {
            var mine = replies.subList(next, next + waiting.jobs.size());
            next += waiting.jobs.size();
            if (mine.stream().anyMatch(JedisException.class::isInstance)) {
                refuse(waiting.jobs.size(), waiting.result);
            } else {
                queued.increment(waiting.jobs.size());
                waiting.result.complete(true);
            }
        }
        return true;
    }

    private Connection connected() {
        var open = connection;
        if (open == null) {
            open = redis.dedicated();
            connection = open;
        }
        return open;
    }

    private void disconnect() {
        if (connection != null) {
            try {
                connection.close();
            } catch (JedisException e) {
                LOG.debug("closing a broken connection", e);
            }
            connection = null;
        }
    }

    private void refuseAll() {
        for (var waiting = queue.poll(); waiting != null; waiting = queue.poll()) {
            refuse(waiting.jobs.size(), waiting.result);
        }
    }

    private void refuse(int jobs, CompletableFuture<Boolean> result) {
        refused.increment(jobs);
        result.complete(false);
    }
}
