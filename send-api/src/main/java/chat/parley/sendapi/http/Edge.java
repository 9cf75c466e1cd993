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
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
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
        routes.exception(ProblemException.class, (e, http) -> Answer.problem(http, e.problem()));
        routes.exception(StoreUnavailable.class, (e, http) -> {
            LOG.warn("{} {}: {}", http.method(), route(http), e.getMessage());
            http.header("Retry-After", Integer.toString(RETRY_AFTER_SECONDS));
            Answer.problem(http, Problem.of(Fault.UNAVAILABLE));
        });
        routes.exception(HttpResponseException.class, (e, http) -> Answer.problem(http, Problem.of(faultOf(e))));
        routes.exception(Exception.class, (e, http) -> {
            LOG.error("{} {} failed", http.method(), route(http), e);
            Answer.problem(http, Problem.of(Fault.INTERNAL));
        });
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
        String given = http.header("X-Request-Id");
        String id = given != null && REQUEST_ID_FORM.matcher(given).matches()
                ? given
                : HexFormat.of().toHexDigits(random.nextLong());
        http.attribute(REQUEST_ID, id);
        http.attribute(STARTED, System.nanoTime());
        http.header("X-Request-Id", id);
        http.header("X-Content-Type-Options", "nosniff");
        MDC.put(REQUEST_ID, id);
        if (http.queryString() != null && http.queryParamMap().containsKey("access_token")) {
            throw new ProblemException(Fault.TOKEN_IN_URL);
        }
    }

    private void admit(Context http) {
        if (!http.routeRoles().contains(Access.PERSON)) {
            return;
        }
        var credentials = new Credentials(http.header("Authorization"), http.header("Cookie"), null);
        switch (authenticator.authenticate(credentials)) {
            case Authentication.Accepted accepted -> {
                browsers.checkWrite(http, accepted.caller());
                http.attribute(CALLER, accepted.caller());
            }
            case Authentication.Missing missing -> throw unauthenticated(http);
            case Authentication.Refused refused -> throw unauthenticated(http);
        }
    }

    private static ProblemException unauthenticated(Context http) {
        http.header("WWW-Authenticate", "Bearer");
        return new ProblemException(Fault.UNAUTHENTICATED);
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
