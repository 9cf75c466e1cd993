package chat.parley.push;

import chat.parley.event.PublishOutcome.ToWake;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.ops.StoreUnavailable;
import chat.parley.push.PushJob.Wake;
import chat.parley.push.PushJobs.Later;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.redis.RedisScript;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The writing side of the push jobs: whatever came in while the last batch was under way is added by one script. Safe for use by many
 * threads. Jobs that are not known to be queued are answered {@code false}: their outbox row stays, and the relay tries again. A job that is in the queue
 * already is not added again.
 *
 * <p>Who has no device is left out before: most people of a deployment may be in browsers that were closed, and a group of hundreds of them would cost Redis more
 * than the message did. Who registers a device in the very second has the app in hand.
 */
public final class PushQueue implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PushQueue.class);

    /** Most jobs in Redis, some 250 bytes each. When there are more, retries go first, see {@code redis/push_add.lua}. */
    private static final int JOBS_MAX = 200_000;

    /** Longest queue, in messages; when it is full the relay takes over. */
    private static final int QUEUE_MAX = 20_000;

    /** Jobs of one run of the script: some 2 ms, in which Redis serves nobody else. */
    private static final int BATCH_JOBS = 1_000;

    private static final long IDLE_MILLIS = 200;
    private static final long PAUSE_MILLIS = 250;
    private static final long CLOSE_LIMIT_MILLIS = 3_000;

    private static final RedisScript ADD = RedisScript.named("push_add");
    private static final List<String> KEYS = List.of(RedisKeys.PUSH_JOBS, RedisKeys.PUSH_CLAIMS);

    private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final Redis redis;
    private final Wakes wakes;
    private final UnaryOperator<Set<UserId>> withDevice;
    private final Counter queued;
    private final Counter needless;
    private final Counter refused;
    private final Counter dropped;
    private final Thread thread;
    private volatile boolean closing;

    private record Waiting(List<Later> jobs, CompletableFuture<Boolean> result) {}

    /**
     * @param redis closed by the caller, later than this
     * @param withDevice those of these people who have a device; may block, and throw {@link StoreUnavailable}
     */
    public PushQueue(Redis redis, Wakes wakes, UnaryOperator<Set<UserId>> withDevice, MeterRegistry meters) {
        this.redis = redis;
        this.wakes = wakes;
        this.withDevice = withDevice;
        this.queued = meters.counter("parley.push.jobs", "outcome", "queued");
        this.needless = meters.counter("parley.push.jobs", "outcome", "needless");
        this.refused = meters.counter("parley.push.jobs", "outcome", "refused");
        this.dropped = meters.counter("parley.push.jobs", "outcome", "dropped");
        this.thread = Thread.ofPlatform().name("push-queue").daemon().start(this::run);
    }

    /** The jobs that a published message makes, for {@link #add}. */
    public List<Later> jobs(Message message, Collection<ToWake> toWake) {
        return wakes.of(message, toWake);
    }

    /** Queues all these jobs; true when Redis has all of them. Never completes exceptionally; what is chained to it must be short. */
    public CompletableFuture<Boolean> add(List<Later> jobs) {
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
        }
    }

    /** False when Redis did not take them. */
    private boolean write(List<Waiting> batch) {
        var asked = batch.stream().flatMap(waiting -> waiting.jobs.stream()).toList();
        var jobs = needed(asked);
        try {
            for (int from = 0; from < jobs.size(); from += BATCH_JOBS) {
                addAtOnce(jobs.subList(from, Math.min(from + BATCH_JOBS, jobs.size())));
            }
        } catch (StoreUnavailable e) {
            LOG.warn("push jobs are left to the relay: {}", e.toString());
            return false;
        } catch (RuntimeException e) {
            LOG.error("push jobs could not be queued for a reason of ours", e);
            return false;
        }
        queued.increment(jobs.size());
        needless.increment(asked.size() - jobs.size());
        batch.forEach(waiting -> waiting.result.complete(true));
        return true;
    }

    /** Those of people who may have a device. */
    private List<Later> needed(List<Later> jobs) {
        var doubted = new HashSet<UserId>();
        for (var later : jobs) {
            if (later.job() instanceof Wake wake && !wake.connected()) { // others have one, or they would not be woken
                doubted.add(wake.user());
            }
        }
        if (doubted.isEmpty()) {
            return jobs;
        }
        try {
            doubted.removeAll(withDevice.apply(doubted));
        } catch (StoreUnavailable e) {
            LOG.debug("who has a device is left to the notifier to find out", e);
            return jobs;
        }
        return jobs.stream()
                .filter(later -> !doubted.contains(later.job().user()))
                .toList();
    }

    private void addAtOnce(List<Later> jobs) {
        var arguments = new ArrayList<String>(1 + 2 * jobs.size());
        arguments.add(Integer.toString(JOBS_MAX));
        for (var later : jobs) {
            arguments.add(Long.toString(later.delay().toMillis()));
            arguments.add(PushJobText.of(later.job()));
        }
        int excess = ((Number) ADD.run(redis, KEYS, arguments)).intValue();
        if (excess > 0) {
            LOG.error(
                    "{} push jobs were dropped, as there are too many: a vendor is away, or no notifier works", excess);
            dropped.increment(excess);
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
