package chat.parley.notifier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.DeviceId;
import chat.parley.id.UserId;
import chat.parley.notifier.PushResult.Accepted;
import chat.parley.notifier.PushResult.Gone;
import chat.parley.notifier.PushResult.Postponed;
import chat.parley.notifier.PushResult.Refused;
import chat.parley.notifier.PushResult.Unavailable;
import chat.parley.notifier.VendorLane.Attempt;
import chat.parley.push.Device;
import chat.parley.push.DeviceState;
import chat.parley.push.PushTarget;
import chat.parley.push.Vendor;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is made of a vendor's answers, whatever its dialect. */
class VendorLaneTest {
    private static final Duration DAY = Duration.ofDays(1);

    private final StepClock clock = StepClock.started();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Script script = new Script();
    private final VendorLane lane = new VendorLane(Vendor.WEB_PUSH, script, clock, meters);

    @AfterEach
    void close() {
        lane.close();
        assertTrue(script.isClosed);
    }

    @Test
    void a_vendor_without_credentials_takes_nothing_and_that_is_seen() throws InterruptedException {
        var none = new SimpleMeterRegistry();
        try (var off = new VendorLane(Vendor.FCM, null, clock, none)) {
            assertEquals(new Attempt.Over(), off.attempt(push("a.example"), 0));
        }
        assertEquals(0, none.get("parley.push.vendor.on").gauge().value());
        assertEquals(
                1, none.get("parley.push.sent").tag("outcome", "off").counter().count());
        assertEquals(1, meters.get("parley.push.vendor.on").gauge().value());
    }

    @Test
    void what_the_vendor_took_or_will_never_take_is_over() throws InterruptedException {
        script.answers(new Accepted(), new Refused("too_large"));
        assertEquals(new Attempt.Delivered(), lane.attempt(push("a.example"), 0));
        assertEquals(new Attempt.Over(), lane.attempt(push("a.example"), 0));
        assertEquals(1, sent("accepted"));
        assertEquals(1, sent("refused_too_large"));
    }

    @Test
    void a_device_is_gone_since_the_vendor_says_so_or_else_since_the_attempt() throws InterruptedException {
        var yesterday = clock.instant().minus(DAY);
        script.answers(new Gone(yesterday), new Gone(null));
        assertEquals(new Attempt.DeviceGone(yesterday), lane.attempt(push("a.example"), 0));
        assertEquals(new Attempt.DeviceGone(clock.instant()), lane.attempt(push("a.example"), 0));
    }

    @Test
    void what_failed_is_tried_again_later_and_later_and_not_all_at_once() throws InterruptedException {
        var first = new ArrayList<Duration>();
        for (int i = 0; i < 5; i++) { // below what breaks the circuit
            script.fails();
            var again = assertInstanceOf(Attempt.Again.class, lane.attempt(push("a" + i + ".example"), 0));
            assertEquals(1, again.failures());
            assertBetween(Duration.ofSeconds(1), Duration.ofSeconds(3), again.delay());
            first.add(again.delay());
        }
        assertTrue(first.stream().distinct().count() > 1, "jitter");
        script.fails();
        var late = assertInstanceOf(Attempt.Again.class, lane.attempt(push("b.example"), 30));
        assertEquals(31, late.failures());
        assertBetween(Duration.ofMinutes(5), Duration.ofMinutes(15), late.delay());
    }

    @Test
    void a_vendor_that_says_when_is_left_alone_until_then() throws InterruptedException {
        script.answers(new Unavailable(Duration.ofMinutes(7), "quota"), new Unavailable(null, "quota"));
        var again = assertInstanceOf(Attempt.Again.class, lane.attempt(push("a.example"), 0));
        assertEquals(new Attempt.Again(Duration.ofMinutes(7), 1), again);
        var soon = assertInstanceOf(Attempt.Again.class, lane.attempt(push("a.example"), 0));
        assertBetween(Duration.ofSeconds(1), Duration.ofSeconds(3), soon.delay());
    }

    @Test
    void nothing_is_tried_beyond_the_life_of_a_push() throws InterruptedException {
        script.answers(new Unavailable(DAY, "quota"));
        var push = push("a.example");
        assertEquals(new Attempt.Over(), lane.attempt(push, 0));
        clock.advance(DAY);
        assertEquals(new Attempt.Over(), lane.attempt(push, 0));
        assertEquals(2, sent("stale"));
        assertEquals(1, script.attempts);
    }

    @Test
    void a_service_that_fails_is_left_alone_and_others_are_not() throws InterruptedException {
        for (int i = 0; i < 10; i++) {
            script.fails();
            lane.attempt(push("down.example"), 0);
        }
        int attempts = script.attempts;
        var held = assertInstanceOf(Attempt.Again.class, lane.attempt(push("down.example"), 4));
        assertEquals(4, held.failures(), "not sent, so no failure");
        assertBetween(VendorLane.BREAK.dividedBy(2), VendorLane.BREAK.multipliedBy(2), held.delay());
        assertEquals(attempts, script.attempts);
        assertEquals(1, meters.get("parley.push.vendor.broken").gauge().value());
        script.answers(new Accepted());
        assertEquals(new Attempt.Delivered(), lane.attempt(push("up.example"), 0));
    }

    @Test
    void a_device_that_gets_too_much_is_no_reason_to_leave_its_vendor_alone() throws InterruptedException {
        for (int i = 0; i < 20; i++) {
            script.answers(new Postponed(Duration.ofSeconds(60), "device_quota"));
            assertEquals(new Attempt.Again(Duration.ofSeconds(60), 1), lane.attempt(push("a.example"), 0));
        }
        assertEquals(0, meters.get("parley.push.vendor.broken").gauge().value());
        assertEquals(new Attempt.Delivered(), lane.attempt(push("a.example"), 0));
    }

    @Test
    void a_service_that_hangs_takes_up_its_own_room_only() throws InterruptedException, ExecutionException {
        var answer = new CountDownLatch(1);
        script.waitsFor(answer);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var hanging = new ArrayList<Future<Attempt>>();
            for (int i = 0; i < 100; i++) {
                hanging.add(threads.submit(() -> lane.attempt(push("slow.example"), 0)));
            }
            script.awaitAttempts(100);
            var full = assertInstanceOf(Attempt.Again.class, lane.attempt(push("slow.example"), 2));
            assertEquals(2, full.failures());
            assertBetween(VendorLane.WHEN_FULL.dividedBy(2), VendorLane.WHEN_FULL.multipliedBy(2), full.delay());
            script.waitsFor(null);
            assertEquals(new Attempt.Delivered(), lane.attempt(push("fast.example"), 0));
            answer.countDown();
            for (var each : hanging) {
                assertEquals(new Attempt.Delivered(), each.get());
            }
        }
    }

    @Test
    void a_fault_of_ours_is_tried_again_and_ends_nothing() throws InterruptedException {
        script.breaks();
        var again = assertInstanceOf(Attempt.Again.class, lane.attempt(push("a.example"), 0));
        assertEquals(1, again.failures());
        assertEquals(1, sent("broken"));
    }

    private double sent(String outcome) {
        return meters.get("parley.push.sent").tag("outcome", outcome).counter().count();
    }

    private Push push(String host) {
        var target = new PushTarget.WebPush(URI.create("https://" + host + "/x"), "key", "secret");
        var device = new Device(
                new UserId(1),
                new DeviceId("d"),
                target,
                Locale.ENGLISH,
                DeviceState.BACKGROUND,
                clock.instant().minus(DAY));
        return new Push.Clear(device, 0, clock.instant().plus(DAY), null, 0);
    }

    private static void assertBetween(Duration least, Duration most, Duration found) {
        assertTrue(found.compareTo(least) >= 0 && found.compareTo(most) <= 0, found::toString);
    }

    /** A vendor that answers what it is told to, and takes everything else. */
    private static final class Script implements PushSender {
        private final Queue<Object> next = new ArrayDeque<>();
        private volatile @Nullable CountDownLatch gate;
        private int attempts;
        private boolean isClosed;

        void answers(PushResult... results) {
            next.addAll(List.of(results));
        }

        void fails() {
            next.add(new IOException("connection reset"));
        }

        void breaks() {
            next.add(new IllegalStateException("a fault"));
        }

        void waitsFor(@Nullable CountDownLatch answer) {
            gate = answer;
        }

        synchronized void awaitAttempts(int count) throws InterruptedException {
            while (attempts < count) {
                wait();
            }
        }

        @Override
        public Vendor vendor() {
            return Vendor.WEB_PUSH;
        }

        @Override
        public PushResult send(Push push) throws IOException, InterruptedException {
            Object answer;
            synchronized (this) {
                attempts++;
                notifyAll();
                answer = Objects.requireNonNullElse(next.poll(), new Accepted());
            }
            var closed = gate;
            if (closed != null) {
                closed.await();
            }
            return switch (answer) {
                case PushResult result -> result;
                case IOException failure -> throw failure;
                case RuntimeException fault -> throw fault;
                default -> throw new AssertionError(answer);
            };
        }

        @Override
        public void close() {
            isClosed = true;
        }
    }
}
