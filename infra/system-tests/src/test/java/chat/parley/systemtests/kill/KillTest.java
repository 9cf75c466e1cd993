package chat.parley.systemtests.kill;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.systemtests.process.RunningParley;
import chat.parley.systemtests.process.Scene;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** One fault a test, in the middle of sends, on one Parley that each test leaves whole. Redis keeps its append-only file, as by default. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 150, unit = TimeUnit.SECONDS)
class KillTest {
    /** "Service again within 10 s after it is back", with room for two busy cores. */
    private static final Duration BACK_MAX = Duration.ofSeconds(15);

    /** With Redis away a send may not wait for it each time; a first one finds out. */
    private static final Duration MODEST = Duration.ofSeconds(3);

    private RunningParley parley;
    private Scene scene;

    @BeforeAll
    void startParley() throws Exception {
        parley = RunningParley.start(Persistence.APPEND_ONLY_FILE);
    }

    @AfterAll
    void stopParley() throws Exception {
        parley.close();
    }

    @BeforeEach
    void startScene() throws Exception {
        scene = Scene.start(parley);
    }

    @AfterEach
    void stopScene() throws Exception {
        scene.close();
    }

    @Test
    void kill_9_of_send_api_during_sends_loses_nothing() throws Exception {
        parley.sendApi().kill();
        parley.sendApi().restart();
        scene.awaitAcknowledged(50);
        scene.settle();
    }

    @Test
    void kill_9_of_the_stream_service_during_sends_loses_nothing() throws Exception {
        var back = scene.afterEveryDeviceIsBack();
        parley.stream().kill();
        scene.awaitAcknowledged(50);
        parley.stream().restart();
        back.run();
        scene.awaitAcknowledged(50);
        scene.settle();
        for (var device : scene.devices()) assertEquals(0, device.trace().resumed("reset"));
    }

    @Test
    void an_orderly_end_of_each_service_during_sends_loses_nothing() throws Exception {
        var back = scene.afterEveryDeviceIsBack();
        assertEquals(0, parley.stream().terminate());
        parley.stream().restart();
        back.run();
        assertEquals(0, parley.sendApi().terminate());
        parley.sendApi().restart();
        assertEquals(0, parley.notifier().terminate());
        parley.notifier().restart();
        scene.awaitAcknowledged(50);
        scene.settle();
    }

    @Test
    void kill_9_of_postgresql_during_sends_loses_nothing() throws Exception {
        parley.postgres().kill();
        scene.awaitUnanswered(3);
        parley.postgres().restart();
        awaitService();
        scene.settle();
    }

    @Test
    void a_postgresql_that_stands_still_is_answered_by_503_and_loses_nothing() throws Exception {
        parley.postgres().pause();
        scene.awaitUnanswered(3);
        parley.postgres().resume();
        awaitService();
        scene.settle();
    }

    @Test
    void kill_9_of_redis_during_sends_loses_nothing() throws Exception {
        parley.redis().kill();
        parley.redis().restart();
        scene.awaitAcknowledged(50);
        scene.settle();
    }

    @Test
    void while_redis_is_down_sends_are_accepted_quickly_and_delivered_when_it_is_back() throws Exception {
        parley.redis().kill();
        scene.awaitAcknowledged(5);
        scene.slowestAcknowledgement();
        scene.awaitAcknowledged(150);
        var slowest = scene.slowestAcknowledgement();
        assertTrue(slowest.compareTo(MODEST) < 0, "the slowest acknowledgement took " + slowest);
        parley.redis().restart();
        scene.settle();
    }

    @Test
    void while_redis_stands_still_sends_are_accepted_and_delivered_when_it_goes_on() throws Exception {
        parley.redis().pause();
        scene.awaitAcknowledged(100);
        parley.redis().resume();
        scene.awaitAcknowledged(20);
        scene.settle();
    }

    @Test
    void an_emptied_redis_loses_nothing() throws Exception {
        try (var jedis = parley.jedis()) {
            jedis.flushAll();
        }
        scene.awaitAcknowledged(50);
        scene.settle();
    }

    @Test
    void everything_killed_at_once_loses_nothing() throws Exception {
        parley.sendApi().kill();
        parley.stream().kill();
        parley.notifier().kill();
        parley.redis().kill();
        parley.postgres().kill();
        parley.postgres().restart();
        parley.redis().restart();
        parley.sendApi().restart();
        parley.stream().restart();
        parley.notifier().restart();
        scene.awaitAcknowledged(50);
        scene.settle();
    }

    private void awaitService() {
        Awaitility.await("service again")
                .atMost(BACK_MAX)
                .until(() -> parley.sendApi().readyStatus() == 200);
        scene.awaitAcknowledged(20);
    }
}
