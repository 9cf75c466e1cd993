package chat.parley.push;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.push.PushJobs.Claimed;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.params.XAddParams;

class PushJobsTest {
    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final Duration SHORT = Duration.ofMillis(20);

    private Redis redis;
    private PushQueue queue;

    @BeforeEach
    void open() {
        redis = Redis.open(URI.create(REDIS.uri()), 4);
        queue = new PushQueue(redis, new SimpleMeterRegistry());
    }

    @AfterEach
    void close() {
        queue.close();
        redis.close();
    }

    @Test
    void jobs_come_out_as_they_went_in_and_done_ones_are_gone() {
        assertTrue(queue.add(List.of(job(1), job(2))).join());
        try (var worker = new PushJobs(redis, "one")) {
            var claimed = worker.claim(10, SHORT);
            assertEquals(
                    List.of(job(1), job(2)), claimed.stream().map(Claimed::job).toList());
            assertEquals(List.of(), worker.claim(10, SHORT));
            worker.done(claimed);
        }
        assertEquals(0L, redis.<Long>with(it -> it.xlen(RedisKeys.PUSH)));
    }

    @Test
    void each_job_is_given_to_one_worker() {
        assertTrue(queue.add(LongStream.range(0, 20).mapToObj(PushJobsTest::job).toList())
                .join());
        try (var one = new PushJobs(redis, "one");
                var other = new PushJobs(redis, "other")) {
            assertEquals(10, one.claim(10, SHORT).size());
            assertEquals(10, other.claim(20, SHORT).size());
            assertEquals(List.of(), one.takeOver(10));
        }
    }

    @Test
    void jobs_of_a_dead_worker_are_taken_over() {
        assertTrue(queue.add(List.of(job(1))).join());
        try (var dead = new PushJobs(redis, "dead")) {
            assertEquals(1, dead.claim(10, SHORT).size());
        }
        try (var heir = new PushJobs(redis, "heir", Duration.ZERO)) {
            assertEquals(List.of(), heir.claim(10, SHORT));
            var taken = heir.takeOver(10);
            assertEquals(List.of(job(1)), taken.stream().map(Claimed::job).toList());
            heir.done(taken);
            assertEquals(List.of(), heir.takeOver(10));
        }
    }

    @Test
    void what_is_no_job_is_told_and_does_not_stop_the_rest() {
        redis.with(it -> it.xadd(RedisKeys.PUSH, XAddParams.xAddParams(), Map.of("e", "garbage")));
        assertTrue(queue.add(List.of(job(1))).join());
        try (var worker = new PushJobs(redis, "one")) {
            var claimed = worker.claim(10, SHORT);
            assertNull(claimed.getFirst().job());
            assertEquals(job(1), claimed.getLast().job());
        }
    }

    @Test
    void a_worker_goes_on_after_redis_lost_everything() {
        try (var worker = new PushJobs(redis, "one")) {
            assertEquals(List.of(), worker.claim(10, SHORT));
            REDIS.flushAll();
            assertThrows(StoreUnavailable.class, () -> worker.claim(10, SHORT));
            assertTrue(queue.add(List.of(job(1))).join());
            assertEquals(1, worker.claim(10, SHORT).size());
        }
    }

    @Test
    void a_closed_queue_takes_nothing() {
        queue.close();
        assertEquals(false, queue.add(List.of(job(1))).join());
    }

    private static PushJob job(long seq) {
        return new PushJob(
                new UserId(11),
                new ConversationId(22),
                seq,
                new Cursor(1_700_000_000_000L, seq, 1_700_000_000_123L, "abc123"),
                Instant.ofEpochMilli(1_700_000_000_124L));
    }
}
