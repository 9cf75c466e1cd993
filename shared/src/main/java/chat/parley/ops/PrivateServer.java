package chat.parley.ops;

import chat.parley.json.JsonText;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Serves {@code GET /metrics} in the Prometheus text format, on a port of its own that is not meant for the public. The JDK's
 * server is enough for a scrape every few seconds.
 */
public final class PrivateServer implements AutoCloseable {
    private static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** As the JDK's server wants it said. */
    private static final long NO_BODY = -1;

    private final HttpServer server;

    private PrivateServer(HttpServer server) {
        this.server = server;
    }

    /** Starts to serve; port 0 takes a free one. */
    public static PrivateServer start(String host, int port, PrometheusMeterRegistry meters) {
        try {
            var server = HttpServer.create(new InetSocketAddress(host, port), 0);
            server.createContext("/metrics", http -> answer(http, CONTENT_TYPE, meters.scrape()));
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            server.start();
            return new PrivateServer(server);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot listen for metrics on " + host + ":" + port, e);
        }
    }

    /** The same with {@code /livez} and {@code /readyz}, for a process that has no public port to serve them on. */
    public static PrivateServer start(String host, int port, PrometheusMeterRegistry meters, Health health) {
        var started = start(host, port, meters);
        started.server.createContext("/livez", http -> answer(http, 200, Map.of("status", Health.UP)));
        started.server.createContext("/readyz", http -> {
            var report = health.report();
            boolean up = report.values().stream().allMatch(Health.UP::equals);
            answer(http, up ? 200 : 503, report);
        });
        return started;
    }

    /** Serves {@code lines} as text at {@code path} too. */
    public void list(String path, Supplier<List<String>> lines) {
        server.createContext(path, http -> {
            List<String> found;
            try {
                found = lines.get();
            } catch (StoreUnavailable e) {
                answer(http, 503, Map.of("status", String.valueOf(e.getMessage())));
                return;
            }
            answer(http, "text/plain; charset=utf-8", String.join("\n", found));
        });
    }

    /** The port in use. */
    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private static void answer(HttpExchange http, String contentType, String text) throws IOException {
        try (http) {
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            http.getResponseHeaders().set("Content-Type", contentType);
            http.sendResponseHeaders(200, body.length == 0 ? NO_BODY : body.length);
            http.getResponseBody().write(body);
        }
    }

    private static void answer(HttpExchange http, int status, Map<String, String> report) throws IOException {
        try (http) {
            byte[] body = JsonText.bytes(json -> {
                json.writeStartObject();
                for (var part : report.entrySet()) {
                    json.writeStringField(part.getKey(), part.getValue());
                }
                json.writeEndObject();
            });
            http.getResponseHeaders().set("Content-Type", "application/json");
            http.sendResponseHeaders(status, body.length);
            http.getResponseBody().write(body);
        }
    }
}
