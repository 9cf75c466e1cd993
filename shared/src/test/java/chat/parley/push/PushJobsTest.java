package chat.parley.push;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.id.DeviceId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.push.PushJob.Clear;
import chat.parley.push.PushJob.Only;
import chat.parley.push.PushJob.Wake;
import chat.parley.push.PushJobs.Backlog;
import chat.parley.push.PushJobs.Claimed;
import chat.parley.push.PushJobs.Later;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PushJobsTest {
    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final UserId BOB = new UserId(11);
    private static final Duration LONG = Duration.ofHours(1);
    private static final Only PHONE = new Only(new DeviceId("phone-1"), 3);

    private Redis redis;
    private PushQueue queue;
    private UnaryOperator<Set<UserId>> withDevice = everyone -> everyone;
    private PushJobs jobs;

    @BeforeEach
    void open() {
        redis = Redis.open(URI.create(REDIS.uri()), 4);
        queue = new PushQueue(redis, Wakes.DEFAULT, asked -> withDevice.apply(asked), new SimpleMeterRegistry());
        jobs = new PushJobs(redis);
    }

    @AfterEach
    void close() {
        queue.close();
        redis.close();
    }

    @Test
    void jobs_of_every_kind_come_out_as_they_went_in_and_settled_ones_are_gone() {
        var wake = wake(1);
        var clear = new Clear(BOB, new ConversationId(22), 7, Instant.ofEpochMilli(5), null);
        var all = List.of(
                wake,
                wake.only(PHONE),
                clear,
                clear.only(PHONE),
                new PushJob.Test(BOB, Instant.ofEpochMilli(6), PHONE));
        add(all, Duration.ZERO);
        var claimed = jobs.claim(10).jobs();
        assertEquals(new HashSet<>(all), new HashSet<>(jobsOf(claimed)));
        claimed.forEach(each -> jobs.settle(each, List.of()));
        assertNothingIsLeft();
    }

    @Test
    void dropped_jobs_are_gone_and_the_others_stay() {
        jobs.drop(List.of());
        add(List.of(wake(1), wake(2), wake(3)), Duration.ZERO);
        var claimed = jobs.claim(10).jobs();
        jobs.drop(claimed.subList(0, 2));
        assertEquals(1, jobs.backlog().jobs());
        long claims = redis.with(it -> it.hlen(RedisKeys.PUSH_CLAIMS));
        assertEquals(1, claims);
        jobs.settle(claimed.getLast(), List.of());
        assertNothingIsLeft();
    }

    @Test
    void a_job_is_not_given_out_before_it_is_due() {
        add(List.of(wake(1)), Duration.ofMillis(200));
        add(List.of(wake(2)), LONG);
        assertEquals(List.of(), jobs.claim(10).jobs());
        Awaitility.await()
                .pollInterval(Duration.ofMillis(20))
                .untilAsserted(() ->
                        assertEquals(List.of(wake(1)), jobsOf(jobs.claim(10).jobs())));
        assertEquals(new Backlog(2, 0), jobs.backlog());
    }

    @Test
    void equal_jobs_are_one_and_keep_the_time_of_the_first() {
        add(List.of(wake(1)), Duration.ZERO);
        add(List.of(wake(1)), LONG);
        assertEquals(1, jobs.backlog().jobs());
        assertEquals(1, jobs.claim(10).jobs().size());
    }

    @Test
    void each_job_is_given_to_one_notifier_until_its_lease_ends() {
        add(LongStream.range(0, 20).mapToObj(PushJobsTest::wake).toList(), Duration.ZERO);
        var dying = new PushJobs(redis, Duration.ofMillis(300));
        var first = jobsOf(dying.claim(10).jobs());
        var second = jobsOf(jobs.claim(20).jobs());
        assertEquals(10, first.size());
        assertEquals(10, second.size());
        assertTrue(second.stream().noneMatch(first::contains));
        var heirs = new ArrayList<PushJob>();
        Awaitility.await().pollInterval(Duration.ofMillis(5)).untilAsserted(() -> {
            heirs.addAll(jobsOf(jobs.claim(20).jobs()));
            assertEquals(new HashSet<>(first), new HashSet<>(heirs));
        });
    }

    @Test
    void a_job_that_may_have_killed_somebody_is_given_out_alone() {
        add(List.of(wake(1), wake(2)), Duration.ZERO);
        var killed = new PushJobs(redis, Duration.ZERO);
        assertEquals(2, killed.claim(10).jobs().size());
        add(List.of(wake(3), wake(4)), Duration.ZERO);
        assertEquals(1, jobs.claim(10).jobs().size());
        assertEquals(1, jobs.claim(10).jobs().size());
        assertEquals(List.of(wake(3), wake(4)), jobsOf(jobs.claim(10).jobs()));
    }

    @Test
    void what_is_left_of_a_job_takes_its_place_and_counts_anew() {
        add(List.of(wake(1)), Duration.ZERO);
        var left = wake(1).only(PHONE);
        jobs.settle(jobs.claim(1).jobs().getFirst(), List.of(new Later(left, Duration.ZERO)));
        assertEquals(List.of(left), jobsOf(jobs.claim(10).jobs()));
        assertEquals(1L, redis.<Long>with(it -> it.hlen(RedisKeys.PUSH_CLAIMS)));
    }

    @Test
    void a_job_that_is_gone_meanwhile_leaves_nothing() {
        add(List.of(wake(1), wake(2)), Duration.ZERO);
        var claimed = jobs.claim(10).jobs();
        new PushErasure(redis).erase(BOB);
        jobs.settle(claimed.getFirst(), List.of(new Later(wake(1).only(PHONE), Duration.ZERO)));
        assertNothingIsLeft();
    }

    @Test
    void a_job_that_is_never_settled_is_set_aside_and_told_and_the_others_go_on() {
        add(List.of(wake(1)), Duration.ZERO);
        var killed = new PushJobs(redis, Duration.ZERO);
        for (int i = 0; i < PushJobs.CLAIMS_MAX; i++) {
            assertEquals(List.of(wake(1)), jobsOf(killed.claim(10).jobs()));
        }
        add(List.of(wake(2)), Duration.ZERO);
        var claim = killed.claim(10);
        assertEquals(1, claim.setAside());
        assertEquals(List.of(wake(2)), jobsOf(claim.jobs()));
        assertEquals(new Backlog(1, 1), jobs.backlog());
        assertTrue(jobs.setAside(10).getFirst().endsWith(PushJobText.of(wake(1))));
        new PushErasure(redis).erase(BOB);
        assertEquals(new Backlog(0, 0), jobs.backlog());
    }

    @Test
    void a_queue_that_is_full_of_retries_gives_up_the_last_of_them_and_not_what_is_new() {
        redis.with(it -> {
            try (var pipeline = it.pipelined()) {
                double late = (double) System.currentTimeMillis() + LONG.toMillis();
                for (int i = 0; i < 200_000; i++) {
                    pipeline.zadd(RedisKeys.PUSH_JOBS, late + i, "retry " + i);
                }
                pipeline.sync();
            }
            return null;
        });
        add(List.of(wake(1)), Duration.ZERO);
        assertEquals(new Backlog(200_000, 0), jobs.backlog());
        assertEquals(List.of(wake(1)), jobsOf(jobs.claim(10).jobs()));
        assertNull(redis.<Double>with(it -> it.zscore(RedisKeys.PUSH_JOBS, "retry 199999")));
    }

    @Test
    void erasure_takes_one_persons_jobs_only() {
        var other =
                new Wake(new UserId(111), new ConversationId(11), 11, cursor(11), Instant.ofEpochMilli(11), true, null);
        add(List.of(wake(1), other, wake(11).only(PHONE)), Duration.ZERO);
        new PushErasure(redis).erase(BOB);
        assertEquals(List.of(other), jobsOf(jobs.claim(10).jobs()));
    }

    @Test
    void what_is_no_job_is_told_and_does_not_stop_the_rest() {
        redis.with(it -> it.zadd(RedisKeys.PUSH_JOBS, 1, "garbage"));
        add(List.of(wake(1)), Duration.ZERO);
        var claimed = jobs.claim(10).jobs();
        assertNull(claimed.getFirst().job());
        assertEquals(wake(1), claimed.getLast().job());
    }

    @Test
    void who_has_no_device_costs_no_job() {
        var asked = new ArrayList<Set<UserId>>();
        withDevice = some -> {
            asked.add(Set.copyOf(some));
            return Set.of(BOB);
        };
        var ann = absent(new UserId(12), 1);
        add(List.of(wake(1), wake(2), ann), Duration.ZERO);
        assertEquals(List.of(Set.of(BOB, ann.user())), asked);
        assertEquals(List.of(wake(1), wake(2)), jobsOf(jobs.claim(10).jobs()));
    }

    @Test
    void who_is_known_to_have_a_device_is_not_asked_for() {
        withDevice = some -> {
            throw new AssertionError("asked for " + some);
        };
        var connected = new Wake(BOB, new ConversationId(22), 1, cursor(1), Instant.ofEpochMilli(1), true, null);
        var clear = new Clear(BOB, new ConversationId(22), 7, Instant.ofEpochMilli(5), null);
        var test = new PushJob.Test(BOB, Instant.ofEpochMilli(6), PHONE);
        add(List.of(connected, clear, test), Duration.ZERO);
        assertEquals(3, jobs.backlog().jobs());
    }

    @Test
    void where_nobody_can_tell_who_has_a_device_the_notifier_finds_out() {
        withDevice = some -> {
            throw new StoreUnavailable("postgres", new IllegalStateException("away"));
        };
        add(List.of(wake(1), absent(new UserId(12), 1)), Duration.ZERO);
        assertEquals(2, jobs.backlog().jobs());
    }

    @Test
    void a_closed_queue_takes_nothing() {
        queue.close();
        assertFalse(queue.add(List.of(new Later(wake(1), Duration.ZERO))).join());
    }

    private void add(List<PushJob> some, Duration delay) {
        assertTrue(queue.add(some.stream().map(job -> new Later(job, delay)).toList())
                .join());
    }

    private void assertNothingIsLeft() {
        assertEquals(new Backlog(0, 0), jobs.backlog());
        assertEquals(0L, redis.<Long>with(it -> it.hlen(RedisKeys.PUSH_CLAIMS)));
    }

    private static List<PushJob> jobsOf(List<Claimed> claimed) {
        var found = new ArrayList<PushJob>();
        for (var each : claimed) {
            found.add(each.job());
        }
        return found;
    }

    private static PushJob wake(long seq) {
        return absent(BOB, seq);
    }

    private static Wake absent(UserId user, long seq) {
        return new Wake(user, new ConversationId(22), seq, cursor(seq), Instant.ofEpochMilli(1), false, null);
    }

    private static Cursor cursor(long seq) {
        return new Cursor(1_700_000_000_000L, seq, 1_700_000_000_123L, "abc123");
    }
}
