package chat.parley.stream;

import chat.parley.account.Authentication;
import chat.parley.account.Authenticator;
import chat.parley.account.Caller;
import chat.parley.ops.StoreUnavailable;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import chat.parley.stream.StreamMeters.Connect;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code /v1/stream} and passes everything else on. Finds out who calls, on Jetty's thread where that is known, and lets {@link Arrivals} begin
 * the stream, which then leaves Jetty's request behind: the response has no length and is not chunked, so its end is the connection's end, and after its head the
 * endpoint is handed to a {@link Subscriber}.
 */
final class StreamHandler extends Handler.Abstract.NonBlocking {
    static final String PATH = "/v1/stream";

    private static final Logger LOG = LoggerFactory.getLogger(StreamHandler.class);

    /** Where a refused client shall wait in band. */
    private static final Duration BUSY_LEAST = Duration.ofSeconds(2);

    private static final Duration BUSY_MOST = Duration.ofSeconds(10);

    private final Authenticator authenticator;
    private final Node node;
    private final Arrivals arrivals;
    private final LongPoll longPoll;
    private final Problems problems;
    private final Executor blocking;
    private final State state;

    /**
     * What the handler asks at each request.
     *
     * @param draining whether this node leaves
     * @param live whether frames arrive
     */
    record State(BooleanSupplier draining, BooleanSupplier live, boolean trustProxy, StreamSettings.Limits limits) {}

    StreamHandler(
            Authenticator authenticator,
            Node node,
            Arrivals arrivals,
            LongPoll longPoll,
            Problems problems,
            Executor blocking,
            State state) {
        this.authenticator = authenticator;
        this.node = node;
        this.arrivals = arrivals;
        this.longPoll = longPoll;
        this.problems = problems;
        this.blocking = blocking;
        this.state = state;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        if (!PATH.equals(Request.getPathInContext(request))) {
            return false;
        }
        guarded(request, response, callback, () -> begin(request, response, callback));
        return true;
    }

    /** On Jetty's thread, which must not wait: who is known is let in at once, anyone else is looked at by a thread that may. */
    private void begin(Request request, Response response, Callback callback) {
        problems.name(request, response);
        response.getHeaders()
                .put(HttpHeader.CACHE_CONTROL, "no-cache, no-store, no-transform")
                .put("X-Accel-Buffering", "no");
        boolean isHead = HttpMethod.HEAD.is(request.getMethod());
        if (!isHead && !HttpMethod.GET.is(request.getMethod())) {
            response.getHeaders().put(HttpHeader.ALLOW, "GET, HEAD");
            throw new ProblemException(Fault.METHOD_NOT_ALLOWED);
        }
        if (request.getConnectionMetaData().getHttpVersion().getVersion() > HttpVersion.HTTP_1_1.getVersion()) {
            throw new ProblemException(Fault.HTTP_VERSION);
        }
        var asked = StreamRequest.of(request);
        var reply = new Reply(asked, request, response, callback);
        if (state.draining().getAsBoolean()) {
            reply.say(StreamEvents.DRAIN, Fault.OVERLOADED, Connect.DRAINING);
            return;
        }
        var known = asked.form() == StreamRequest.Form.STREAM ? authenticator.known(asked.credentials()) : null;
        if (known != null) {
            admit(asked, known, isHead, reply);
            return;
        }
        blocking.execute(() -> guarded(request, response, callback, () -> {
            try {
                admit(asked, authenticator.authenticate(asked.credentials()), isHead, reply);
            } catch (StoreUnavailable e) {
                LOG.warn("a stream cannot begin: {}", e.getMessage());
                reply.say(StreamEvents.BUSY, Fault.UNAVAILABLE, Connect.UNAVAILABLE);
            }
        }));
    }

    private void guarded(Request request, Response response, Callback callback, Runnable work) {
        try {
            work.run();
        } catch (ProblemException e) {
            node.meters().connect(Connect.REFUSED);
            problems.write(e.problem(), request, response, callback);
        } catch (RuntimeException e) {
            LOG.error("a stream could not begin", e);
            problems.write(Problem.of(Fault.INTERNAL), request, response, callback);
        }
    }

    private void admit(StreamRequest asked, Authentication authentication, boolean isHead, Reply reply) {
        if (!(authentication instanceof Authentication.Accepted accepted)) {
            reply.unauthenticated();
            return;
        }
        if (isHead) {
            reply.response.getHeaders().put(HttpHeader.CONTENT_TYPE, contentType(asked));
            reply.callback.succeeded();
            return;
        }
        if (!state.live().getAsBoolean()) {
            reply.say(StreamEvents.BUSY, Fault.UNAVAILABLE, Connect.UNAVAILABLE);
            return;
        }
        var caller = accepted.caller();
        var place = node.registry().isFull(caller.user()) ? null : enter(reply.request);
        if (place == null) {
            reply.say(StreamEvents.BUSY, Fault.TOO_MANY_REQUESTS, Connect.BUSY);
            return;
        }
        switch (asked.form()) {
            case STREAM -> open(asked, caller, place, reply);
            case POLL -> {
                node.meters().connect(Connect.POLL);
                var exchange = new LongPoll.Exchange(reply.request, reply.response, reply.callback, problems);
                longPoll.serve(asked, caller.user(), caller.session(), place, exchange);
            }
        }
    }

    private static String contentType(StreamRequest asked) {
        return asked.form() == StreamRequest.Form.STREAM ? SseWriter.CONTENT_TYPE : "application/json";
    }

    private Admission.@Nullable Place enter(Request request) {
        String forwarded = state.trustProxy() ? request.getHeaders().getLast(HttpHeader.X_FORWARDED_FOR) : null;
        if (forwarded != null) {
            String address = forwarded.substring(forwarded.lastIndexOf(',') + 1).strip();
            return node.admission().enter(address, false);
        }
        boolean isOwnMachine =
                request.getConnectionMetaData().getRemoteSocketAddress() instanceof InetSocketAddress peer
                        && peer.getAddress() != null
                        && peer.getAddress().isLoopbackAddress();
        return node.admission().enter(Request.getRemoteAddr(request), isOwnMachine);
    }

    private void open(StreamRequest asked, Caller caller, Admission.Place place, Reply http) {
        node.meters().connect(Connect.STREAM);
        var limits = state.limits();
        var endPoint = http.request.getConnectionMetaData().getConnection().getEndPoint();
        var subscriber = new Subscriber(
                node,
                endPoint,
                new StreamOwner(caller.user(), caller.session(), caller.until()),
                asked.options(),
                place,
                node.retries().between(limits.lifetimeLeast(), limits.lifetimeMost()),
                http);
        Request.addCompletionListener(http.request, failure -> {
            if (failure != null) {
                subscriber.end(CloseReason.CLIENT_LEFT);
            }
        });
        http.response
                .getHeaders()
                .put(HttpHeader.CONTENT_TYPE, SseWriter.CONTENT_TYPE)
                .put(HttpHeader.CONNECTION, "close");
        http.request.setAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE, subscriber);
        arrivals.add(subscriber, asked.lastEventId());
    }

    /** How a request is answered. One that gets no stream: by a status where the client sees it, else in band. */
    private final class Reply implements StreamAnswer {
        private final StreamRequest asked;
        private final Request request;
        private final Response response;
        private final Callback callback;

        Reply(StreamRequest asked, Request request, Response response, Callback callback) {
            this.asked = asked;
            this.request = request;
            this.response = response;
            this.callback = callback;
        }

        @Override
        public void begin(ByteBuffer first) {
            response.write(false, first, callback);
        }

        @Override
        public void abort() {
            callback.failed(new EofException("the stream ended before it began"));
        }

        void say(String type, Fault fault, Connect outcome) {
            node.meters().connect(outcome);
            if (asked.form() == StreamRequest.Form.POLL || StreamRequest.seesStatus(request)) {
                problems.write(Problem.of(fault), request, response, callback);
                return;
            }
            var retry = SseWriter.retry(
                    switch (type) {
                        case StreamEvents.DRAIN -> node.retries().afterDrain();
                        case StreamEvents.BUSY -> node.retries().between(BUSY_LEAST, BUSY_MOST);
                        default -> node.retries().usual();
                    });
            var event = SseWriter.event(
                    null, asked.options().nameOf(type), node.events().plain(type));
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, SseWriter.CONTENT_TYPE);
            var body = ByteBuffer.allocate(retry.remaining() + event.remaining());
            response.write(true, body.put(retry).put(event).flip(), callback);
        }

        /** A ticket that a stream was opened with before, and that is dead now, never works again: the browser shall stop. */
        void unauthenticated() {
            boolean comesBack = request.getHeaders().contains("Last-Event-ID");
            var credentials = asked.credentials();
            if (comesBack && credentials.ticket() != null && credentials.authorization() == null) {
                node.meters().connect(Connect.UNAUTHENTICATED);
                response.setStatus(204);
                callback.succeeded();
                return;
            }
            say(StreamEvents.REAUTH, Fault.UNAUTHENTICATED, Connect.UNAUTHENTICATED);
        }
    }
}
