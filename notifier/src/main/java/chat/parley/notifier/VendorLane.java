package chat.parley.notifier;

import chat.parley.notifier.PushResult.Accepted;
import chat.parley.notifier.PushResult.Gone;
import chat.parley.notifier.PushResult.Postponed;
import chat.parley.notifier.PushResult.Refused;
import chat.parley.notifier.PushResult.Unavailable;
import chat.parley.push.PushTarget.Apns;
import chat.parley.push.PushTarget.Fcm;
import chat.parley.push.PushTarget.WebPush;
import chat.parley.push.Vendor;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.core.IntervalFunction;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one vendor: so many pushes at once and no more, and none while it fails. Nobody waits here for a vendor that is slow or away; what cannot be
 * sent now goes back to the queue. Safe for use by many threads.
 */
final class VendorLane implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VendorLane.class);

    /** Most pushes under way to all services of a vendor: 4,000 a second where one takes 100 ms, which none does for long. */
    private static final int UNDER_WAY_MAX = 400;

    /** Most of them to one service, where people name them: a slow one leaves room for the others. */
    private static final int UNDER_WAY_TO_ONE_MAX = 100;

    /** Services with a memory of their own; there are a handful of real ones. */
    private static final int SERVICES_MAX = 1_000;

    /** A full lane has room again in a moment; what waits for it must not keep the one thread that claims busy. */
    static final Duration WHEN_FULL = Duration.ofSeconds(3);

    private static final Duration FIRST_RETRY = Duration.ofSeconds(2);
    private static final double RETRY_GROWTH = 2;

    /** Half more or less, so that what failed together does not come back together. */
    private static final double RETRY_JITTER = 0.5;

    private static final Duration LAST_RETRY = Duration.ofMinutes(10);

    /** How long a service that fails is left alone before it is tried with a few. */
    static final Duration BREAK = Duration.ofSeconds(15);

    private static final IntervalFunction BACKOFF =
            IntervalFunction.ofExponentialRandomBackoff(FIRST_RETRY, RETRY_GROWTH, RETRY_JITTER, LAST_RETRY);

    private static final IntervalFunction AFTER_FULL = IntervalFunction.ofRandomized(WHEN_FULL, RETRY_JITTER);

    private static final IntervalFunction AFTER_BREAK = IntervalFunction.ofRandomized(BREAK, RETRY_JITTER);

    private static final CircuitBreakerConfig BREAKER = CircuitBreakerConfig.custom()
            .slidingWindowSize(20)
            .minimumNumberOfCalls(10)
            .failureRateThreshold(50)
            .waitDurationInOpenState(BREAK)
            .permittedNumberOfCallsInHalfOpenState(3)
            .build();

    private final Vendor vendor;
    private final @Nullable PushSender sender;
    private final InstantSource clock;
    private final MeterRegistry meters;
    private final Semaphore room = new Semaphore(UNDER_WAY_MAX);
    private final Cache<String, Service> services =
            Caffeine.newBuilder().maximumSize(SERVICES_MAX).build();

    /** @param sender closed with this; null switches the vendor off: its pushes are counted and dropped */
    VendorLane(Vendor vendor, @Nullable PushSender sender, InstantSource clock, MeterRegistry meters) {
        this.vendor = vendor;
        this.sender = sender;
        this.clock = clock;
        this.meters = meters;
        meters.gauge("parley.push.vendor.on", Tags.of("vendor", vendor.text()), this, VendorLane::isOn);
        meters.gauge("parley.push.vendor.broken", Tags.of("vendor", vendor.text()), this, VendorLane::broken);
    }

    /** One of a vendor's services: all of FCM, one world of APNs, one host of Web Push. */
    private record Service(CircuitBreaker breaker, Semaphore room) {}

    /** What became of an attempt. */
    sealed interface Attempt {
        /** The vendor has it. */
        record Delivered() implements Attempt {}

        /** There will be no other. */
        record Over() implements Attempt {}

        /** There is no such device any more. */
        record DeviceGone(Instant since) implements Attempt {}

        /**
         * To be tried again.
         *
         * @param failures with this one, where it was one
         */
        record Again(Duration delay, int failures) implements Attempt {}
    }

    /**
     * Tries to send.
     *
     * @param failures of earlier attempts
     */
    Attempt attempt(Push push, int failures) throws InterruptedException {
        if (sender == null) {
            count("off");
            return new Attempt.Over();
        }
        if (!clock.instant().isBefore(push.expiresAt())) {
            count("stale");
            return new Attempt.Over();
        }
        if (!room.tryAcquire()) {
            return busy(failures);
        }
        try {
            var service = services.get(
                    nameOf(push),
                    name -> new Service(
                            CircuitBreaker.of(vendor.text() + " " + name, BREAKER),
                            new Semaphore(UNDER_WAY_TO_ONE_MAX)));
            return throughBreaker(sender, service, push, failures);
        } finally {
            room.release();
        }
    }

    @Override
    public void close() {
        if (sender != null) {
            sender.close();
        }
    }

    private Attempt throughBreaker(PushSender to, Service service, Push push, int failures)
            throws InterruptedException {
        if (!service.room.tryAcquire()) {
            return busy(failures);
        }
        try {
            if (!service.breaker.tryAcquirePermission()) {
                count("held_back");
                return again(push, Duration.ofMillis(AFTER_BREAK.apply(1)), failures);
            }
            return send(to, service.breaker, push, failures);
        } finally {
            service.room.release();
        }
    }

    private Attempt send(PushSender to, CircuitBreaker breaker, Push push, int failures) throws InterruptedException {
        var begun = clock.instant();
        long start = System.nanoTime();
        PushResult result;
        try {
            result = to.send(push);
        } catch (IOException e) {
            LOG.debug("a push to {} failed", push.device().target(), e);
            breaker.onError(System.nanoTime() - start, TimeUnit.NANOSECONDS, e);
            count("failed");
            return again(push, backoff(failures), failures + 1);
        } catch (InterruptedException e) {
            breaker.releasePermission();
            throw e;
        } catch (RuntimeException e) {
            LOG.error("a push to {} failed for a reason of ours", push.device().target(), e);
            breaker.releasePermission();
            count("broken");
            return again(push, backoff(failures), failures + 1);
        }
        long nanos = System.nanoTime() - start;
        return switch (result) {
            case Accepted unused -> {
                breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
                count("accepted");
                meters.timer("parley.push.vendor.time", "vendor", vendor.text()).record(nanos, TimeUnit.NANOSECONDS);
                yield new Attempt.Delivered();
            }
            case Gone gone -> {
                breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
                count("gone");
                yield new Attempt.DeviceGone(gone.since() == null ? begun : gone.since());
            }
            case Refused refused -> {
                breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
                LOG.debug(
                        "{} refused a push: {}",
                        vendor.text(),
                        refused.reason()); // anybody can register what is refused
                count("refused_" + refused.reason());
                yield new Attempt.Over();
            }
            case Postponed postponed -> {
                breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
                count("postponed_" + postponed.reason());
                yield again(push, later(postponed.after(), failures), failures + 1);
            }
            case Unavailable unavailable -> {
                breaker.onError(nanos, TimeUnit.NANOSECONDS, new IOException(unavailable.reason()));
                LOG.debug("{} is not available: {}", vendor.text(), unavailable.reason());
                count("unavailable_" + unavailable.reason());
                yield again(push, later(unavailable.after(), failures), failures + 1);
            }
        };
    }

    private Attempt busy(int failures) {
        count("full");
        return new Attempt.Again(Duration.ofMillis(AFTER_FULL.apply(1)), failures);
    }

    private Attempt again(Push push, Duration delay, int failures) {
        if (clock.instant().plus(delay).isBefore(push.expiresAt())) {
            return new Attempt.Again(delay, failures);
        }
        count("stale");
        return new Attempt.Over();
    }

    private static Duration later(@Nullable Duration asked, int failures) {
        var own = backoff(failures);
        return asked != null && asked.compareTo(own) > 0 ? asked : own;
    }

    private static Duration backoff(int failures) {
        return Duration.ofMillis(BACKOFF.apply(failures + 1));
    }

    private static String nameOf(Push push) {
        return switch (push.device().target()) {
            case Fcm unused -> "fcm";
            case Apns apns -> apns.environment().text();
            case WebPush web -> web.endpoint().getAuthority();
        };
    }

    private void count(String outcome) {
        meters.counter("parley.push.sent", "vendor", vendor.text(), "outcome", outcome)
                .increment();
    }

    private int isOn() {
        return sender == null ? 0 : 1;
    }

    private long broken() {
        return services.asMap().values().stream()
                .filter(service -> service.breaker.getState() == CircuitBreaker.State.OPEN)
                .count();
    }
}
