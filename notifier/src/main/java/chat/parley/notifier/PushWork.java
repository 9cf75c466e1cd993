package chat.parley.notifier;

import chat.parley.id.UserId;
import chat.parley.notifier.Decision.Nothing;
import chat.parley.notifier.Decision.Reason;
import chat.parley.notifier.Decision.Send;
import chat.parley.notifier.FactsReader.Facts;
import chat.parley.notifier.VendorLane.Attempt;
import chat.parley.ops.StoreUnavailable;
import chat.parley.push.BackgroundHints;
import chat.parley.push.Device;
import chat.parley.push.Devices;
import chat.parley.push.PushJob;
import chat.parley.push.PushJob.Clear;
import chat.parley.push.PushJob.Only;
import chat.parley.push.PushJob.Test;
import chat.parley.push.PushJob.Wake;
import chat.parley.push.PushJobs;
import chat.parley.push.PushJobs.Claimed;
import chat.parley.push.PushJobs.Later;
import chat.parley.push.ShownPushes;
import chat.parley.push.Vendor;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done about one job: decide, send to each device, settle. The devices of a job are sent to at the same time; those that could not be reached become
 * jobs of their own, so that nobody is woken twice for the sake of another device. Safe for use by many threads.
 */
final class PushWork implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PushWork.class);

    private final PushJobs jobs;
    private final PushDecision decision;
    private final Map<Vendor, VendorLane> lanes;
    private final Stores stores;
    private final InstantSource clock;
    private final MeterRegistry meters;
    private final Timer delay;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /** @param lanes one for each vendor; closed by the caller, later than this */
    PushWork(
            PushJobs jobs,
            PushDecision decision,
            Map<Vendor, VendorLane> lanes,
            Stores stores,
            InstantSource clock,
            MeterRegistry meters) {
        this.jobs = jobs;
        this.decision = decision;
        this.lanes = lanes;
        this.stores = stores;
        this.clock = clock;
        this.meters = meters;
        this.delay = Timer.builder("parley.push.delay")
                .description("from the message to the vendor's acceptance")
                .publishPercentileHistogram()
                .register(meters);
    }

    /** What a job changes besides the queue. */
    record Stores(Devices devices, BackgroundHints hints, ShownPushes shown) {}

    /** Works on one job and settles it. A job that could not be settled comes again when its lease ends. Throws {@link StoreUnavailable}. */
    void work(Claimed claimed, PushJob job, Facts facts) {
        switch (decide(job, facts)) {
            case Nothing nothing -> {
                count(nothing.reason().text());
                if (nothing.reason() == Reason.NO_DEVICE && job instanceof Wake wake && wake.connected()) {
                    renewHint(wake.user()); // it outlived the login of a device
                }
                jobs.settle(claimed, List.of());
            }
            case Send send -> {
                count("sent");
                jobs.settle(claimed, sendAll(job, send.pushes()));
            }
        }
    }

    /**
     * Settles in one go what sends nothing, as most jobs of a busy group whose members are away without a device. Throws {@link StoreUnavailable}.
     *
     * @param claimed jobs of ours
     * @param superseded jobs that a newer one of the same conversation stands for
     * @return the others, to be worked on one by one
     */
    List<Claimed> dropVain(List<Claimed> claimed, Set<PushJob> superseded, Facts facts) {
        var others = new ArrayList<Claimed>();
        var vain = new ArrayList<Claimed>();
        var reasons = new ArrayList<Reason>();
        for (var each : claimed) {
            var job = Objects.requireNonNull(each.job());
            var reason = superseded.contains(job) ? Reason.SUPERSEDED : vain(job, facts);
            if (reason == null) {
                others.add(each);
            } else {
                vain.add(each);
                reasons.add(reason);
            }
        }
        jobs.drop(vain);
        reasons.forEach(reason -> count(reason.text()));
        return others;
    }

    /** Why the job sends nothing; null where it may, or where there is something to do besides. */
    private @Nullable Reason vain(PushJob job, Facts facts) {
        return job instanceof Wake wake
                        && wake.only() == null
                        && !wake.connected()
                        && decision.wake(facts.of(wake)) instanceof Nothing nothing
                ? nothing.reason()
                : null;
    }

    /** Whether a job would send something: asked of the newest first, where several wake for one conversation. */
    boolean sends(Wake job, Facts facts) {
        return decision.wake(facts.of(job)) instanceof Send;
    }

    /** Waits for the pushes under way. */
    @Override
    public void close() {
        threads.close();
    }

    private Decision decide(PushJob job, Facts facts) {
        return switch (job) {
            case Wake wake -> decideWake(wake, facts);
            case Clear clear -> decideClear(clear, facts);
            case Test test -> decision.test(test, facts.now(), facts.person(test.user()));
        };
    }

    private Decision decideWake(Wake wake, Facts facts) {
        // A retry that came after a newer one would take its place on the screen.
        boolean isRetry = wake.only() != null;
        if (isRetry && stores.shown.newest(wake.user(), wake.conversation()) > wake.seq()) {
            return new Nothing(Reason.SUPERSEDED);
        }
        var decided = decision.wake(facts.of(wake));
        if (decided instanceof Send) {
            // Before it goes out: who reads it in that moment has it taken back.
            stores.shown.note(wake.user(), wake.conversation(), wake.seq());
        }
        return decided;
    }

    private Decision decideClear(Clear clear, Facts facts) {
        var decided = decision.clear(clear, facts.now(), facts.person(clear.user()));
        if (decided instanceof Nothing) {
            return decided;
        }
        boolean isFirstAttempt = clear.only() == null;
        // Taken only when it is sent, and once: of many clears of a conversation one goes out. What is shown when it is
        // tried again is newer, and a clear could take its place at the vendor.
        boolean isToBeSent = isFirstAttempt
                ? stores.shown.take(clear.user(), clear.conversation(), clear.readSeq())
                : !stores.shown.isAny(clear.user(), clear.conversation());
        return isToBeSent ? decided : new Nothing(Reason.NOT_SHOWN);
    }

    private List<Later> sendAll(PushJob job, List<Push> pushes) {
        if (pushes.size() == 1) {
            var left = sendOne(job, pushes.getFirst());
            return left == null ? List.of() : List.of(left);
        }
        var underWay = new ArrayList<CompletableFuture<@Nullable Later>>(pushes.size());
        for (var push : pushes) {
            underWay.add(CompletableFuture.supplyAsync(() -> sendOne(job, push), threads));
        }
        try {
            return underWay.stream()
                    .map(CompletableFuture::join)
                    .filter(Objects::nonNull)
                    .toList();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** What is left to be done for this device; null: nothing. */
    private @Nullable Later sendOne(PushJob job, Push push) {
        var device = push.device();
        var only = job.only();
        var lane = Objects.requireNonNull(lanes.get(device.target().vendor()));
        try {
            return switch (lane.attempt(push, only == null ? 0 : only.failures())) {
                case Attempt.Delivered unused -> {
                    delivered(job);
                    yield null;
                }
                case Attempt.Over unused -> null;
                case Attempt.DeviceGone gone -> {
                    forget(device, gone.since());
                    yield null;
                }
                case Attempt.Again again -> new Later(job.only(new Only(device.id(), again.failures())), again.delay());
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Later(job.only(new Only(device.id(), 0)), Duration.ZERO);
        }
    }

    private void delivered(PushJob job) {
        if (job instanceof Wake) {
            delay.record(Duration.between(job.at(), clock.instant()));
        }
    }

    private void forget(Device device, Instant since) {
        try {
            if (stores.devices.forget(device, since)) {
                renewHint(device.user());
            }
        } catch (StoreUnavailable e) {
            // The vendor says it again with the next push; the other devices of this job have theirs.
            LOG.warn("a device that is gone is forgotten later: {}", e.getMessage());
        }
    }

    private void renewHint(UserId user) {
        stores.hints.follow(user, () -> stores.devices.isAnyInBackground(user));
    }

    private void count(String outcome) {
        meters.counter("parley.push.decisions", "outcome", outcome).increment();
    }
}
