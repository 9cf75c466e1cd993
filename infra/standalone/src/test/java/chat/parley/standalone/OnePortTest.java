package chat.parley.standalone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.ops.Health;
import chat.parley.ops.Meters;
import chat.parley.ops.Settings;
import chat.parley.sendapi.Neighbour;
import chat.parley.sendapi.SendApi;
import chat.parley.sendapi.SendApiSettings;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class OnePortTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    @Test
    void the_neighbour_answers_its_own_and_the_send_api_everything_else() throws Exception {
        var health = new Health();
        health.part("neighbour", () -> "not yet");
        var prepared = new AtomicInteger();
        try (var meters = new Meters();
                var http = HttpClient.newHttpClient();
                var api = SendApi.start(
                        settings(),
                        new Neighbour(new Stream(), connector -> prepared.incrementAndGet(), meters, health))) {
            assertEquals("200 from the neighbour", get(http, api.port(), "/v1/stream"));
            assertTrue(get(http, api.port(), "/livez").startsWith("200 {"));
            assertTrue(get(http, api.port(), "/readyz").startsWith("503 {"));
            assertTrue(get(http, api.port(), "/readyz").contains("\"neighbour\":\"not yet\""));
            assertEquals(1, prepared.get());
        }
    }

    private static SendApiSettings settings() {
        return SendApiSettings.from(new Settings(Map.of(
                "PARLEY_PORT", "0",
                "PARLEY_POSTGRES_URL", POSTGRES.jdbcUrl(),
                "PARLEY_POSTGRES_USER", POSTGRES.user(),
                "PARLEY_POSTGRES_PASSWORD", POSTGRES.password(),
                "PARLEY_REDIS_URL", REDIS.uri())));
    }

    private static String get(HttpClient http, int port, String path) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .build();
        var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }

    /** Stands where the stream service stands in production. */
    private static final class Stream extends Handler.Abstract.NonBlocking {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            if (!Request.getPathInContext(request).equals("/v1/stream")) return false;
            response.write(true, ByteBuffer.wrap("from the neighbour".getBytes(StandardCharsets.UTF_8)), callback);
            return true;
        }
    }
}
