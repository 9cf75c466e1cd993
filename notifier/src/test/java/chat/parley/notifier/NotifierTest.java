package chat.parley.notifier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.push.PushJob;
import chat.parley.push.PushQueue;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class NotifierTest {
    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    @Test
    void it_works_on_jobs_and_says_how_it_is() throws Exception {
        var settings = NotifierSettings.from(Map.of("PARLEY_REDIS_URL", REDIS.uri(), "PARLEY_METRICS_PORT", "0"));
        try (var redis = Redis.open(URI.create(REDIS.uri()), 2);
                var queue = new PushQueue(redis, new SimpleMeterRegistry());
                var notifier = Notifier.start(settings)) {
            var job = new PushJob(
                    new UserId(11), new ConversationId(22), 1, new Cursor(1, 0, 1, "abc123"), Instant.EPOCH);
            assertTrue(queue.add(List.of(job, job)).join());
            Awaitility.await()
                    .untilAsserted(() -> assertTrue(get(notifier, "/metrics")
                            .body()
                            .contains("parley_notifier_jobs_total{outcome=\"noted\"} 2.0")));
            Awaitility.await().untilAsserted(() -> assertEquals(0L, redis.<Long>with(it -> it.xlen(RedisKeys.PUSH))));
            assertEquals(200, get(notifier, "/livez").statusCode());
            var ready = get(notifier, "/readyz");
            assertEquals(200, ready.statusCode());
            assertEquals("{\"push-queue\":\"up\",\"redis\":\"up\"}", ready.body());
        }
    }

    @Test
    void without_redis_it_lives_and_is_not_ready() throws Exception {
        var settings =
                NotifierSettings.from(Map.of("PARLEY_REDIS_URL", "redis://127.0.0.1:1", "PARLEY_METRICS_PORT", "0"));
        try (var notifier = Notifier.start(settings)) {
            assertEquals(200, get(notifier, "/livez").statusCode());
            assertEquals(503, get(notifier, "/readyz").statusCode());
        }
    }

    @Test
    void misspelt_settings_are_refused() {
        var environment = Map.of("PARLEY_REDIS_URL", "redis://127.0.0.1:1", "PARLEY_REDDIS", "x");
        assertThrows(IllegalArgumentException.class, () -> NotifierSettings.from(environment));
    }

    private static HttpResponse<String> get(Notifier notifier, String path) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var address = URI.create("http://127.0.0.1:" + notifier.port() + path);
            return client.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
        }
    }
}
