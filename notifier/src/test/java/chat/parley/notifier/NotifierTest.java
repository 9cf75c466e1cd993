package chat.parley.notifier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.params.XAddParams;

/** The process around the work: settings, health, metrics, what it lists. */
class NotifierTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    @Test
    void it_drops_what_is_no_job_and_says_how_it_is() throws Exception {
        try (var redis = Redis.open(URI.create(REDIS.uri()), 2);
                var notifier = Notifier.start(NotifierSettings.from(environment(REDIS.uri())))) {
            redis.with(it -> it.zadd(RedisKeys.PUSH_JOBS, 1, "no job of ours"));
            Awaitility.await()
                    .untilAsserted(() -> assertTrue(get(notifier, "/metrics")
                            .body()
                            .contains("parley_push_decisions_total{outcome=\"unreadable\"} 1.0")));
            assertEquals(0L, redis.<Long>with(it -> it.zcard(RedisKeys.PUSH_JOBS)));
            assertEquals(200, get(notifier, "/livez").statusCode());
            // In one process with a send-api they would hide those of the store that is written to.
            assertFalse(get(notifier, "/metrics").body().contains("parley_append"));
            var ready = get(notifier, "/readyz");
            assertEquals("{\"postgres\":\"up\",\"push-queue\":\"up\",\"redis\":\"up\"}", ready.body());
            assertEquals(200, ready.statusCode());
        }
    }

    @Test
    void it_lists_what_was_set_aside() throws Exception {
        try (var redis = Redis.open(URI.create(REDIS.uri()), 2);
                var notifier = Notifier.start(NotifierSettings.from(environment(REDIS.uri())))) {
            assertEquals("", get(notifier, "/push/aside").body());
            redis.with(it -> it.xadd(RedisKeys.PUSH_ASIDE, XAddParams.xAddParams(), Map.of("j", "one that kills")));
            assertTrue(get(notifier, "/push/aside").body().endsWith(" one that kills"));
        }
    }

    @Test
    void without_redis_it_lives_and_is_not_ready() throws Exception {
        try (var notifier = Notifier.start(NotifierSettings.from(environment("redis://127.0.0.1:1")))) {
            assertEquals(200, get(notifier, "/livez").statusCode());
            assertEquals(503, get(notifier, "/readyz").statusCode());
            assertEquals(503, get(notifier, "/push/aside").statusCode());
        }
    }

    @Test
    void misspelt_settings_are_refused() {
        var environment = environment("redis://127.0.0.1:1");
        environment.put("PARLEY_REDDIS", "x");
        assertThrows(IllegalArgumentException.class, () -> NotifierSettings.from(environment));
    }

    private static Map<String, String> environment(String redis) {
        var address = POSTGRES.address();
        var environment = new HashMap<String, String>();
        environment.put("PARLEY_POSTGRES_URL", address.url());
        environment.put("PARLEY_POSTGRES_USER", POSTGRES.user());
        environment.put("PARLEY_POSTGRES_PASSWORD", POSTGRES.password());
        environment.put("PARLEY_REDIS_URL", redis);
        environment.put("PARLEY_METRICS_PORT", "0");
        return environment;
    }

    private static HttpResponse<String> get(Notifier notifier, String path) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var address = URI.create("http://127.0.0.1:" + notifier.port() + path);
            return client.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
        }
    }
}
