package chat.parley.systemtests.kill;

import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.systemtests.process.RunningParley;
import chat.parley.systemtests.process.Scene;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A Redis that keeps nothing over its end: every stream is gone, and so is every cursor. */
@Timeout(value = 150, unit = TimeUnit.SECONDS)
class RedisWithoutFileTest {
    @Test
    void kill_9_of_a_redis_that_keeps_nothing_loses_nothing() throws Exception {
        try (var parley = RunningParley.start(Persistence.NONE);
                var scene = Scene.start(parley)) {
            parley.redis().kill();
            scene.awaitAcknowledged(20);
            parley.redis().restart();
            scene.awaitAcknowledged(50);
            scene.settle();
            try (var jedis = parley.jedis()) {
                assertTrue(jedis.dbSize() > 0, "the streams are filled again");
            }
        }
    }
}
