package chat.parley.sendapi.http;

import chat.parley.account.Authentication;
import chat.parley.account.Authenticator;
import chat.parley.account.Caller;
import chat.parley.account.Credentials;
import chat.parley.ops.StoreUnavailable;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * What happens to every request before and after its route: a request id, the caller, the answer to whatever was thrown, one log line and one
 * measurement. Logs name the route, never the query, a token or a text.
 */
public final class Edge {
    private static final Logger LOG = LoggerFactory.getLogger(Edge.class);

    /** Time a request took, by route, method and status: about 40 routes of ours, never a raw path. */
    private static final String REQUESTS = "parley.http.requests";

    static final String REQUEST_ID_HEADER = "X-Request-Id";

    /** Where some put a token; nobody reads it there. */
    static final String TOKEN_PARAMETER = "access_token";

    private static final String REQUEST_ID = "request_id";
    private static final String CALLER = "caller";
    private static final String STARTED = "started";

    /** What a proxy may hand down as X-Request-Id; anything else gets an id of ours. */
    private static final Pattern REQUEST_ID_FORM = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    private static final int RETRY_AFTER_SECONDS = 1;

    private final Authenticator authenticator;
    private final Browsers browsers;
    private final MeterRegistry meters;
    private final RandomGenerator random;
    private final Map<Measured, Timer> timers = new ConcurrentHashMap<>();

    private record Measured(String route, String method, int status) {}

    /** @param random for request ids; need not be secret */
    public Edge(Authenticator authenticator, Browsers browsers, MeterRegistry meters, RandomGenerator random) {
        this.authenticator = authenticator;
        this.browsers = browsers;
        this.meters = meters;
        this.random = random;
    }

    /** Puts this around every route of {@code routes}. */
    public void install(RoutesConfig routes) {
        routes.before(this::begin);
        routes.beforeMatched(this::admit);
        routes.after(this::end);
        routes.exception(HttpResponseException.class, this::refuse);
        routes.exception(Exception.class, this::refuse);
    }

    private void refuse(Exception e, Context http) {
        Answer.problem(http, problem(e, http.method().name(), route(http), http::header));
    }

    /**
     * How {@code failure} is answered; logs what is ours to know of.
     *
     * @param header takes what the answer says besides
     */
    Problem problem(Throwable failure, String method, String route, BiConsumer<String, String> header) {
        return switch (failure) {
            case ProblemException e -> e.problem();
            case StoreUnavailable e -> {
                LOG.warn("{} {}: {}", method, route, e.getMessage());
                header.accept("Retry-After", Integer.toString(RETRY_AFTER_SECONDS));
                yield Problem.of(Fault.UNAVAILABLE);
            }
            case HttpResponseException e -> Problem.of(faultOf(e));
            default -> {
                LOG.error("{} {} failed", method, route, failure);
                yield Problem.of(Fault.INTERNAL);
            }
        };
    }

    /** The caller of a route that is for {@link Access#PERSON}. */
    public static Caller caller(Context http) {
        return Objects.requireNonNull(http.<Caller>attribute(CALLER), "this route is not for a person");
    }

    /** Names this request in answers and logs. */
    public static String requestId(Context http) {
        return Objects.requireNonNullElse(http.<String>attribute(REQUEST_ID), "-");
    }

    private void begin(Context http) {
        String id = requestId(http.header(REQUEST_ID_HEADER));
        http.attribute(REQUEST_ID, id);
        http.attribute(STARTED, System.nanoTime());
        http.header(REQUEST_ID_HEADER, id);
        http.header("X-Content-Type-Options", "nosniff");
        MDC.put(REQUEST_ID, id);
        if (http.queryString() != null && http.queryParamMap().containsKey(TOKEN_PARAMETER)) {
            throw new ProblemException(Fault.TOKEN_IN_URL);
        }
    }

    private void admit(Context http) {
        if (!http.routeRoles().contains(Access.PERSON)) {
            return;
        }
        http.attribute(CALLER, caller(RequestHead.of(http), http::header));
    }

    /** What a proxy named the request, or a name of ours. */
    String requestId(@Nullable String given) {
        return given != null && REQUEST_ID_FORM.matcher(given).matches()
                ? given
                : HexFormat.of().toHexDigits(random.nextLong());
    }

    /**
     * Who calls; may wait for PostgreSQL.
     *
     * @param header takes what the answer says besides
     * @throws ProblemException where it is nobody, or a page that may not
     */
    Caller caller(RequestHead request, BiConsumer<String, String> header) {
        if (authenticator.authenticate(credentials(request)) instanceof Authentication.Accepted accepted) {
            browsers.checkWrite(request, accepted.caller());
            return accepted.caller();
        }
        header.accept("WWW-Authenticate", "Bearer");
        throw new ProblemException(Fault.UNAUTHENTICATED);
    }

    /** The same at once, from memory; null where {@link #caller} has to be asked. */
    @Nullable
    Caller knownCaller(RequestHead request) {
        var known = authenticator.known(credentials(request));
        if (known == null) {
            return null;
        }
        browsers.checkWrite(request, known.caller());
        return known.caller();
    }

    private static Credentials credentials(RequestHead request) {
        return new Credentials(request.header("Authorization"), request.header("Cookie"), null);
    }

    /** Runs {@code work} on this thread so that its log lines name the request. */
    void naming(String id, Runnable work) {
        MDC.put(REQUEST_ID, id);
        try {
            work.run();
        } finally {
            MDC.remove(REQUEST_ID);
        }
    }

    /** Measures and logs a request whose answer is made. */
    void served(String id, String route, String method, int status, long nanos) {
        var what = new Measured(route, method, status);
        if (LOG.isDebugEnabled()) {
            naming(id, () -> measure(what, nanos));
        } else {
            measure(what, nanos);
        }
    }

    private void end(Context http) {
        Long started = http.attribute(STARTED);
        long nanos = started == null ? 0 : System.nanoTime() - started;
        measure(new Measured(route(http), http.method().name(), http.statusCode()), nanos);
        MDC.remove(REQUEST_ID);
    }

    private void measure(Measured what, long nanos) {
        timers.computeIfAbsent(what, this::timer).record(nanos, TimeUnit.NANOSECONDS);
        LOG.atDebug()
                .addKeyValue("method", what.method)
                .addKeyValue("route", what.route)
                .addKeyValue("status", what.status)
                .addKeyValue("micros", TimeUnit.NANOSECONDS.toMicros(nanos))
                .log("request");
    }

    /** Looked up once: the registry makes a name and sorts tags each time. */
    private Timer timer(Measured what) {
        return meters.timer(
                REQUESTS, "route", what.route, "method", what.method, "status", Integer.toString(what.status));
    }

    /** The pattern of the route, or "none" where no route matched: a raw path would make a series for each id. */
    private static String route(Context http) {
        var endpoint = http.endpoints().lastHttpEndpoint();
        return endpoint == null ? "none" : endpoint.path;
    }

    private static Fault faultOf(HttpResponseException e) {
        return switch (e.getStatus()) {
            case 404 -> Fault.NOT_FOUND;
            case 405 -> Fault.METHOD_NOT_ALLOWED;
            case 413 -> Fault.BODY_TOO_LARGE;
            case 414 -> Fault.URI_TOO_LONG;
            case 431 -> Fault.HEADERS_TOO_LARGE;
            default -> Fault.INVALID_FIELD;
        };
    }
}
