package chat.parley.notifier;

import chat.parley.ops.StoreUnavailable;
import chat.parley.push.PushJobs;
import chat.parley.push.PushJobs.Claimed;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One thread that works on push jobs, one after another, and takes over those of workers that died. */
final class PushWorker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PushWorker.class);

    private static final int BATCH = 100;
    private static final Duration WAIT = Duration.ofMillis(500);
    private static final long PAUSE_MILLIS = 500;

    /** How often dead workers' jobs are looked for. */
    private static final long TAKE_OVER_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final long CLOSE_LIMIT_MILLIS = 5_000;

    private final PushJobs jobs;
    private final Counter worked;
    private final Counter refused;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean connected;

    PushWorker(PushJobs jobs, MeterRegistry meters) {
        this.jobs = jobs;
        this.worked = meters.counter("parley.notifier.jobs", "outcome", "noted");
        this.refused = meters.counter("parley.notifier.jobs", "outcome", "unreadable");
        this.thread = Thread.ofPlatform().name("push-worker").start(this::run);
    }

    /** Whether the last look at the queue was answered. */
    boolean isConnected() {
        return connected;
    }

    /** Ends after the jobs at hand. */
    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join(CLOSE_LIMIT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        long lastTakeOver = System.nanoTime();
        try (jobs) {
            while (closing.getCount() > 0) {
                try {
                    work(jobs.claim(BATCH, WAIT));
                    if (System.nanoTime() - lastTakeOver > TAKE_OVER_NANOS) {
                        lastTakeOver = System.nanoTime();
                        work(jobs.takeOver(BATCH));
                    }
                    connected = true;
                } catch (StoreUnavailable e) {
                    if (connected) {
                        LOG.warn("push jobs wait: {}", e.getMessage());
                    }
                    connected = false;
                    if (closing.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
                        return;
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (StoreUnavailable e) {
            LOG.debug("closing the connection", e);
        }
    }

    private void work(List<Claimed> claimed) {
        for (var each : claimed) {
            var job = each.job();
            if (job == null) {
                refused.increment();
                LOG.error("entry {} of the push queue is no job of ours and is dropped", each.id());
                continue;
            }
            LOG.atInfo()
                    .addKeyValue("user", job.user())
                    .addKeyValue("conversation", job.conversation())
                    .addKeyValue("seq", job.seq())
                    .addKeyValue("resume_from", job.resumeFrom())
                    .addKeyValue("sent_at", job.at())
                    .log("push");
            worked.increment();
        }
        jobs.done(claimed);
    }
}
