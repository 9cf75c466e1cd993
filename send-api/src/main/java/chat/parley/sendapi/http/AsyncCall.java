package chat.parley.sendapi.http;

import chat.parley.account.Caller;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.zip.GZIPOutputStream;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** One request to one of the {@link AsyncRoutes}: what {@link Edge} does around every other request, without a thread that waits. */
public final class AsyncCall {
    private static final HttpField NO_SNIFF = new PreEncodedHttpField("X-Content-Type-Options", "nosniff");
    private static final HttpField NO_STORE = new PreEncodedHttpField(HttpHeader.CACHE_CONTROL, "no-store");
    private static final HttpField JSON = new PreEncodedHttpField(HttpHeader.CONTENT_TYPE, "application/json");
    private static final HttpField PROBLEM = new PreEncodedHttpField(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE);
    private static final HttpField CLOSE = new PreEncodedHttpField(HttpHeader.CONNECTION, "close");

    /** A smaller answer is one packet anyway; as Javalin's. */
    private static final int COMPRESSED_BYTES_MIN = 1_500;

    /** What a client can have sent with its head. */
    private static final int UNREAD_BYTES_MAX = 16 * 1024;

    private final Edge edge;
    private final String route;
    private final String parameter;
    private final Exchange exchange;
    private final Threads threads;
    private final BooleanSupplier leaving;
    private final long started = System.nanoTime();
    private final String id;
    private @Nullable Caller caller;

    /** What Jetty hands to a handler. */
    record Exchange(Request request, Response response, Callback callback) {}

    /** Where the answer is written, and what runs whatever waits. */
    record Threads(Executor answers, Executor waiting) {}

    AsyncCall(Edge edge, String route, String parameter, Exchange exchange, Threads threads, BooleanSupplier leaving) {
        this.edge = edge;
        this.route = route;
        this.parameter = parameter;
        this.exchange = exchange;
        this.threads = threads;
        this.leaving = leaving;
        this.id = edge.requestId(exchange.request.getHeaders().get(Edge.REQUEST_ID_HEADER));
    }

    /** Who calls. */
    public Caller caller() {
        if (caller == null) {
            throw new IllegalStateException("nobody was admitted yet");
        }
        return caller;
    }

    /** What stands in the place of the route's parameter. */
    public String parameter() {
        return parameter;
    }

    /** A header of the answer. */
    public void answerHeader(String name, String value) {
        exchange.response.getHeaders().put(name, value);
    }

    /** Runs what waits, each piece on a thread of its own, whose log lines name this request. */
    public void blocking(Runnable work) {
        threads.waiting.execute(() -> edge.naming(id, work));
    }

    /**
     * The request's JSON object, as soon as it is there.
     *
     * @throws ProblemException when it is none by its head already; otherwise that completes the body instead
     */
    public CompletableFuture<Body> body() {
        var headers = exchange.request.getHeaders();
        Body.checkType(headers.get(HttpHeader.CONTENT_TYPE), headers.get(HttpHeader.CONTENT_ENCODING));
        return new BodyReader(exchange.request, this::blocking).read();
    }

    void serve(AsyncRoute target) {
        exchange.response.getHeaders().put(Edge.REQUEST_ID_HEADER, id).put(NO_SNIFF);
        try {
            var uri = exchange.request.getHttpURI();
            if (uri.getQuery() != null
                    && Request.extractQueryParameters(exchange.request)
                            .getNames()
                            .contains(Edge.TOKEN_PARAMETER)) {
                throw new ProblemException(Fault.TOKEN_IN_URL);
            }
            var known = edge.knownCaller(RequestHead.of(exchange.request));
            if (known == null) {
                blocking(() -> admit(target));
            } else {
                serve(target, known);
            }
        } catch (RuntimeException e) {
            refuse(e);
        }
    }

    /** May wait for a store. */
    private void admit(AsyncRoute target) {
        try {
            serve(target, edge.caller(RequestHead.of(exchange.request), this::answerHeader));
        } catch (RuntimeException e) {
            refuse(e);
        }
    }

    private void serve(AsyncRoute target, Caller admitted) {
        caller = admitted;
        var served = target.serve(this).whenCompleteAsync(this::end, threads.answers);
        assert served != null;
    }

    private void end(@Nullable AsyncAnswer answer, @Nullable Throwable failure) {
        try {
            if (answer != null) {
                answer(answer.status(), JSON, answer.json());
            } else {
                refuse(failure == null ? new IllegalStateException("a route answered nothing") : bare(failure));
            }
        } catch (RuntimeException e) {
            exchange.callback.failed(e); // nobody else would hear of it
        }
    }

    /** Without what a chain of futures wraps around it. */
    private static Throwable bare(Throwable failure) {
        var cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }

    private void refuse(Throwable failure) {
        edge.naming(id, () -> {
            var problem = edge.problem(failure, exchange.request.getMethod(), route, this::answerHeader);
            String path = exchange.request.getHttpURI().getPath();
            answer(problem.fault().status(), PROBLEM, problem.json(id, path));
        });
    }

    private void answer(int status, HttpField type, byte[] json) {
        edge.served(id, route, exchange.request.getMethod(), status, System.nanoTime() - started);
        var response = exchange.response;
        response.setStatus(status);
        response.getHeaders().put(NO_STORE).put(type);
        if (leaving.getAsBoolean()) {
            response.getHeaders().put(CLOSE);
        }
        response.write(true, ByteBuffer.wrap(compressed(json)), isRead() ? exchange.callback : thenLinger());
    }

    /** As other routes' answers are. */
    private byte[] compressed(byte[] json) {
        if (json.length < COMPRESSED_BYTES_MIN || !acceptsGzip()) {
            return json;
        }
        var bytes = new ByteArrayOutputStream(json.length / 2);
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(json);
        } catch (IOException e) {
            throw new UncheckedIOException("compressing in memory failed", e);
        }
        answerHeader("Content-Encoding", "gzip");
        return bytes.toByteArray();
    }

    private boolean acceptsGzip() {
        String accepted = exchange.request.getHeaders().get(HttpHeader.ACCEPT_ENCODING);
        return accepted != null && accepted.toLowerCase(Locale.ROOT).contains("gzip");
    }

    /** Whether the body is read to its end. A small one that nobody wanted came with the head and is; for more the answer must not wait. */
    private boolean isRead() {
        var request = exchange.request;
        if (request.getLength() == 0 || request.getHeaders().contains(HttpHeader.EXPECT)) {
            return true; // who asks before sending the body has not sent it
        }
        int bytes = 0;
        while (bytes < UNREAD_BYTES_MAX) {
            var chunk = request.read();
            if (chunk == null) {
                return false;
            }
            bytes += chunk.remaining();
            boolean isOver = chunk.isLast() || Content.Chunk.isFailure(chunk);
            chunk.release();
            if (isOver) {
                return true;
            }
        }
        return false;
    }

    private Callback thenLinger() {
        return Callback.from(
                () -> blocking(() -> {
                    var connection = exchange.request.getConnectionMetaData().getConnection();
                    LingeringClose.discard(connection.getEndPoint(), Content.Source.asInputStream(exchange.request));
                    exchange.callback.succeeded();
                }),
                exchange.callback::failed);
    }
}
