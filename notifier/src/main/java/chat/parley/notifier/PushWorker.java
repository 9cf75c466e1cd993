package chat.parley.notifier;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.notifier.FactsReader.Facts;
import chat.parley.ops.StoreUnavailable;
import chat.parley.push.PushJob;
import chat.parley.push.PushJob.Wake;
import chat.parley.push.PushJobs;
import chat.parley.push.PushJobs.Backlog;
import chat.parley.push.PushJobs.Claimed;
import chat.parley.push.PushJobs.Later;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims jobs and has them worked on: one thread that claims, reads facts for all of a claim at once, and a virtual thread for each job that sends. It claims
 * no more than it has room for, so what it holds when it is killed is small.
 */
final class PushWorker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PushWorker.class);

    /** Jobs of one claim: some milliseconds of facts. */
    private static final int BATCH = 100;

    /** Most jobs under way; some kilobytes each. */
    private static final int UNDER_WAY_MAX = 1_000;

    /** How long an empty queue is left alone: a push is late by half of it, and an idle notifier costs Redis ten looks a second. */
    private static final long PAUSE_MILLIS = 100;

    /** Facts that took longer leave too little of the lease for pushes: another notifier would begin the same ones. */
    private static final long FACTS_MAX_NANOS = PushJobs.LEASE.toNanos() / 3;

    /** When jobs come again that nobody could work on. */
    private static final Duration PUT_BACK = Duration.ofSeconds(1);

    /** How long an unreachable store is left alone. */
    private static final long OUTAGE_PAUSE_MILLIS = 500;

    /** Longer than a vendor may take to answer. */
    private static final long CLOSE_LIMIT_MILLIS = 12_000;

    private final PushJobs jobs;
    private final FactsReader reader;
    private final PushWork work;
    private final Counter unreadable;
    private final Counter setAside;
    private final Semaphore room = new Semaphore(UNDER_WAY_MAX);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Thread thread;
    private volatile boolean connected;
    private volatile Backlog backlog = new Backlog(0, 0);

    PushWorker(PushJobs jobs, FactsReader reader, PushWork work, MeterRegistry meters) {
        this.jobs = jobs;
        this.reader = reader;
        this.work = work;
        this.unreadable = meters.counter("parley.push.decisions", "outcome", "unreadable");
        this.setAside = meters.counter("parley.push.decisions", "outcome", "set_aside");
        meters.gauge("parley.push.jobs.kept", this, worker -> worker.backlog.jobs());
        meters.gauge("parley.push.jobs.aside", this, worker -> worker.backlog.setAside());
        meters.gauge("parley.push.under.way", this, worker -> UNDER_WAY_MAX - worker.room.availablePermits());
        this.thread = Thread.ofPlatform().name("push-worker").start(this::run);
    }

    /** Whether the last look at the queue and the facts was answered. */
    boolean isConnected() {
        return connected;
    }

    /** Claims no more and waits for the pushes under way; what is not settled by then comes again elsewhere. */
    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join(CLOSE_LIMIT_MILLIS);
            threads.shutdown();
            if (!threads.awaitTermination(CLOSE_LIMIT_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.warn("pushes under way are left to another notifier");
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
        work.close();
    }

    private void run() {
        try {
            while (closing.getCount() > 0) {
                long pause = PAUSE_MILLIS;
                try {
                    boolean isMore = claim();
                    backlog = jobs.backlog();
                    connected = true;
                    if (isMore) {
                        continue;
                    }
                } catch (StoreUnavailable e) {
                    if (connected) {
                        LOG.warn("push jobs wait: {}", e.getMessage());
                    }
                    connected = false;
                    pause = OUTAGE_PAUSE_MILLIS;
                } catch (RuntimeException e) {
                    // Its jobs come again when their lease ends, and are set aside if they are the reason.
                    LOG.error("a claim failed for a reason of ours", e);
                    pause = OUTAGE_PAUSE_MILLIS;
                }
                if (closing.await(pause, TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** True where there may be more to claim at once. */
    private boolean claim() throws InterruptedException {
        if (!room.tryAcquire(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
            return true; // this was the pause
        }
        int max = 1 + Math.min(BATCH - 1, room.availablePermits());
        room.acquire(max - 1); // nobody else takes any
        int begun = 0;
        try {
            var claim = jobs.claim(max);
            if (claim.setAside() > 0) {
                LOG.error(
                        "{} push jobs are set aside: they were claimed {} times and never settled",
                        claim.setAside(),
                        PushJobs.CLAIMS_MAX);
                setAside.increment(claim.setAside());
            }
            begun = claim.jobs().isEmpty() ? 0 : begin(claim.jobs());
            return !claim.jobs().isEmpty(); // a claim may be small although more is due
        } finally {
            room.release(max - begun);
        }
    }

    /** How many were begun. */
    private int begin(List<Claimed> claimed) {
        var readable = new ArrayList<PushJob>();
        var ours = new ArrayList<Claimed>();
        for (var each : claimed) {
            var job = each.job();
            if (job == null) {
                unreadable.increment();
                LOG.error("what stands in the push queue is no job of ours and is dropped: {}", each.text());
                jobs.settle(each, List.of());
            } else {
                readable.add(job);
                ours.add(each);
            }
        }
        Facts facts;
        long start = System.nanoTime();
        try {
            facts = reader.read(readable);
        } catch (StoreUnavailable e) {
            putBack(ours);
            throw e;
        }
        if (System.nanoTime() - start > FACTS_MAX_NANOS) {
            LOG.warn("reading what decides about {} push jobs took too long for their lease", readable.size());
            putBack(ours);
            return 0;
        }
        var left = work.dropVain(ours, superseded(readable, facts), facts);
        for (var each : left) {
            threads.execute(() -> workOn(each, Objects.requireNonNull(each.job()), facts));
        }
        return left.size();
    }

    /** Nobody worked on them, so that they may not count as claimed: a store that is away for minutes must not set them aside. */
    private void putBack(List<Claimed> claimed) {
        for (var each : claimed) {
            jobs.settle(each, List.of(new Later(Objects.requireNonNull(each.job()), PUT_BACK)));
        }
    }

    private void workOn(Claimed claimed, PushJob job, Facts facts) {
        try {
            work.work(claimed, job, facts);
        } catch (StoreUnavailable e) {
            LOG.warn("a push job comes again: {}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("a push job failed for a reason of ours and comes again", e);
        } finally {
            room.release();
        }
    }

    /** Older jobs of a person and conversation of which a newer one in the same claim sends: a device would show only that one anyway. */
    private Set<PushJob> superseded(List<PushJob> claimed, Facts facts) {
        record Place(UserId user, ConversationId conversation) {}
        var places = new LinkedHashMap<Place, List<Wake>>();
        for (var job : claimed) {
            if (job instanceof Wake wake && wake.only() == null) {
                places.computeIfAbsent(new Place(wake.user(), wake.conversation()), unused -> new ArrayList<>())
                        .add(wake);
            }
        }
        var superseded = new HashSet<PushJob>();
        for (var wakes : places.values()) {
            wakes.sort(Comparator.comparingLong(Wake::seq).reversed());
            boolean isSent = false;
            boolean isSentToAll = false;
            for (var wake : wakes) {
                // One that reaches the devices in the background only does not stand for one that reaches all.
                if (isSent && (isSentToAll || wake.connected())) {
                    superseded.add(wake);
                } else if (wakes.size() > 1 && work.sends(wake, facts)) {
                    isSent = true;
                    isSentToAll |= !wake.connected();
                }
            }
        }
        return superseded;
    }
}
