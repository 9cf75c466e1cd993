package chat.parley.sendapi.idempotency;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.UserId;
import chat.parley.postgres.Postgres;
import chat.parley.sendapi.idempotency.Beginning.Answered;
import chat.parley.sendapi.idempotency.Beginning.Begun;
import chat.parley.sendapi.idempotency.Beginning.InProgress;
import chat.parley.sendapi.idempotency.Beginning.Mismatch;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.StepClock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class IdempotencyKeysTest {
    private static final UserId ANN = new UserId(1);
    private static final byte[] BODY = bytes("a body");
    private static final byte[] OTHER_BODY = bytes("another body");
    private static final Reply REPLY = new Reply(201, bytes("{}"));

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private final StepClock clock = StepClock.started();
    private Postgres postgres;
    private IdempotencyKeys keys;

    @BeforeEach
    void open() {
        postgres = Postgres.open(POSTGRES.address(), 12);
        postgres.<Integer, RuntimeException>with(db -> db.execute("TRUNCATE idempotency"));
        keys = new IdempotencyKeys(postgres, clock, new Random(7));
    }

    @AfterEach
    void close() {
        postgres.close();
    }

    @Test
    void a_repeat_gets_the_first_answer() {
        keys.finish(begun(keys.begin(ANN, "k", BODY, 10)), REPLY);
        var answered = assertInstanceOf(Answered.class, keys.begin(ANN, "k", BODY, 11));
        assertEquals(201, answered.reply().status());
        assertArrayEquals(REPLY.json(), answered.reply().json());
    }

    @Test
    void another_body_is_refused_and_another_person_has_keys_of_its_own() {
        keys.finish(begun(keys.begin(ANN, "k", BODY, 10)), REPLY);
        assertInstanceOf(Mismatch.class, keys.begin(ANN, "k", OTHER_BODY, 11));
        assertTrue(begun(keys.begin(new UserId(2), "k", OTHER_BODY, 12)).first());
    }

    @Test
    void while_one_works_the_other_waits_and_takes_over_only_from_the_dead() {
        var first = begun(keys.begin(ANN, "k", BODY, 10));
        assertInstanceOf(InProgress.class, keys.begin(ANN, "k", BODY, 11));
        clock.advance(Duration.ofSeconds(15));
        assertInstanceOf(InProgress.class, keys.begin(ANN, "k", BODY, 11));
        clock.advance(Duration.ofMillis(1));

        var second = begun(keys.begin(ANN, "k", BODY, 11));
        assertEquals(10, second.reserved());
        assertFalse(second.first());
        // The first was only slow: what it says is of no account any more.
        keys.finish(first, new Reply(201, bytes("late")));
        keys.forget(first);
        keys.finish(second, REPLY);
        var answered = assertInstanceOf(Answered.class, keys.begin(ANN, "k", BODY, 12));
        assertArrayEquals(REPLY.json(), answered.reply().json());
    }

    @Test
    void an_abandoned_attempt_is_taken_over_at_once_with_what_it_reserved() {
        var first = begun(keys.begin(ANN, "k", BODY, 10));
        keys.abandon(keys.reserve(first, 20));
        assertInstanceOf(Mismatch.class, keys.begin(ANN, "k", OTHER_BODY, 11));
        assertEquals(20, begun(keys.begin(ANN, "k", BODY, 11)).reserved());
    }

    @Test
    void a_forgotten_attempt_leaves_the_key_for_another_body() {
        keys.forget(begun(keys.begin(ANN, "k", BODY, 10)));
        var again = begun(keys.begin(ANN, "k", OTHER_BODY, 11));
        assertTrue(again.first());
        assertEquals(11, again.reserved());
    }

    @Test
    void after_a_day_the_key_is_new() {
        keys.finish(begun(keys.begin(ANN, "k", BODY, 10)), REPLY);
        clock.advance(Duration.ofHours(24));
        assertInstanceOf(Answered.class, keys.begin(ANN, "k", BODY, 11));
        clock.advance(Duration.ofMillis(1));
        var anew = begun(keys.begin(ANN, "k", OTHER_BODY, 11));
        assertTrue(anew.first());
        assertEquals(11, anew.reserved());
    }

    @Test
    void old_rows_are_deleted_and_young_ones_stay() {
        keys.finish(begun(keys.begin(ANN, "old", BODY, 10)), REPLY);
        clock.advance(Duration.ofHours(25));
        keys.finish(begun(keys.begin(ANN, "young", BODY, 10)), REPLY);
        assertEquals(1, keys.clean());
        assertInstanceOf(Answered.class, keys.begin(ANN, "young", BODY, 11));
    }

    @Test
    void of_many_at_once_one_begins() throws Exception {
        for (int round = 0; round < 20; round++) {
            String key = "k" + round;
            var start = new CountDownLatch(1);
            var running = new ArrayList<Future<Beginning>>();
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 8; i++) {
                    int reserved = 100 + i;
                    running.add(threads.submit(() -> {
                        start.await();
                        return keys.begin(ANN, key, BODY, reserved);
                    }));
                }
                start.countDown();
                int begun = 0;
                for (var each : running) {
                    begun += each.get() instanceof Begun ? 1 : 0;
                }
                assertEquals(1, begun);
            }
        }
    }

    private static Attempt begun(Beginning beginning) {
        return assertInstanceOf(Begun.class, beginning).attempt();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
