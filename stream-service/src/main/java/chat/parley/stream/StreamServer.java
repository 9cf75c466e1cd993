package chat.parley.stream;

import chat.parley.json.JsonText;
import chat.parley.ops.Health;
import chat.parley.ops.Meters;
import chat.parley.ops.PrivateServer;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Map;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/** The server of a stream-service that runs alone: the stream, {@code /livez}, {@code /readyz}, and metrics on a port of their own. */
public final class StreamServer implements AutoCloseable {
    /** Longest request line and headers together; ours need under 2 KB, a token up to 4 KB. */
    private static final int HEADER_BYTES_MAX = 16 * 1024;

    /** Selectors and acceptors need a few; what blocks runs on virtual threads. */
    private static final int THREADS = 16;

    /** Clients that left together come back together: the kernel must queue them meanwhile. */
    private static final int ACCEPT_QUEUE = 4_096;

    private final Server server;
    private final ServerConnector connector;
    private final @Nullable PrivateServer metrics;

    private StreamServer(StreamSettings.ServerAddress address, StreamService service, Meters meters, Health health)
            throws Exception {
        var threads = new QueuedThreadPool(THREADS);
        threads.setName("jetty");
        threads.setDaemon(true);
        server = new Server(threads);
        var http = new HttpConfiguration();
        http.setRequestHeaderSize(HEADER_BYTES_MAX);
        http.setSendServerVersion(false);
        http.setHttpCompliance(HttpCompliance.RFC7230);
        connector = new ServerConnector(server, new HttpConnectionFactory(http)) {
            @Override
            protected SocketChannelEndPoint newEndPoint(
                    SocketChannel channel, ManagedSelector selector, SelectionKey key) {
                var endPoint = new SingleWrites(channel, selector, key, getScheduler());
                endPoint.setIdleTimeout(getIdleTimeout());
                return endPoint;
            }
        };
        connector.setHost(address.host());
        connector.setPort(address.port());
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        StreamService.prepare(connector);
        server.addConnector(connector);
        server.setHandler(new Handler.Sequence(service.handler(), new Operations(health)));
        server.setErrorHandler(new PlainProblems());
        metrics = address.metricsPort() < 0
                ? null
                : PrivateServer.start(address.host(), address.metricsPort(), meters.registry());
        server.start();
    }

    /** Starts to serve {@code service}. */
    public static StreamServer start(
            StreamSettings.ServerAddress address, StreamService service, Meters meters, Health health)
            throws Exception {
        return new StreamServer(address, service, meters, health);
    }

    /** The public port in use. */
    public int port() {
        return connector.getLocalPort();
    }

    /** The port of {@code /metrics}, or -1. */
    public int metricsPort() {
        return metrics == null ? -1 : metrics.port();
    }

    @Override
    public void close() throws Exception {
        server.stop();
        if (metrics != null) {
            metrics.close();
        }
    }

    /** What operators and balancers ask. Readiness asks the stores, on a thread of its own: with no handler that blocks, Jetty's selectors serve by themselves. */
    private static final class Operations extends Handler.Abstract.NonBlocking {
        private final Health health;

        Operations(Health health) {
            this.health = health;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            return switch (Request.getPathInContext(request)) {
                case "/livez" -> answer(response, callback, true, Map.of());
                case "/readyz" -> {
                    Thread.ofVirtual().name("readyz").start(() -> ready(response, callback));
                    yield true;
                }
                default -> false;
            };
        }

        private void ready(Response response, Callback callback) {
            try {
                var report = health.report();
                answer(response, callback, report.values().stream().allMatch(Health.UP::equals), report);
            } catch (RuntimeException e) {
                callback.failed(e);
            }
        }

        private static boolean answer(Response response, Callback callback, boolean isUp, Map<String, String> parts) {
            response.setStatus(isUp ? 200 : 503);
            response.getHeaders()
                    .put(HttpHeader.CONTENT_TYPE, "application/json")
                    .put(HttpHeader.CACHE_CONTROL, "no-store");
            byte[] json = JsonText.bytes(out -> {
                out.writeStartObject();
                out.writeStringField("status", isUp ? Health.UP : "down");
                if (!parts.isEmpty()) {
                    out.writeObjectFieldStart("parts");
                    for (var part : parts.entrySet()) {
                        out.writeStringField(part.getKey(), part.getValue());
                    }
                    out.writeEndObject();
                }
                out.writeEndObject();
            });
            response.write(true, ByteBuffer.wrap(json), callback);
            return true;
        }
    }

    /** What Jetty refuses by itself, as a problem too; the path may be what is wrong with the request, so it is not repeated. */
    private static final class PlainProblems extends ErrorHandler {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            Fault fault = switch (response.getStatus()) {
                case 404 -> Fault.NOT_FOUND;
                case 414 -> Fault.URI_TOO_LONG;
                case 431 -> Fault.HEADERS_TOO_LARGE;
                default -> response.getStatus() >= 500 ? Fault.INTERNAL : Fault.INVALID_FIELD;
            };
            response.setStatus(fault.status());
            response.getHeaders()
                    .put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE)
                    .put(HttpHeader.CACHE_CONTROL, "no-store");
            response.write(true, ByteBuffer.wrap(Problem.of(fault).json("-", "/")), callback);
            return true;
        }
    }
}
