package chat.parley.stream;

import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Writes problem answers and names requests, as the other services do. */
final class Problems {
    private static final String REQUEST_ID = "X-Request-Id";

    /** What a proxy may hand down; anything else gets an id of ours. */
    private static final Pattern REQUEST_ID_FORM = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    private static final int REQUEST_ID_BYTES = 8;

    /** Told with what can succeed later. */
    private static final String RETRY_AFTER_SECONDS = "2";

    private final RandomGenerator random;

    /** @param random used by many threads; need not be secret */
    Problems(RandomGenerator random) {
        this.random = random;
    }

    /** Gives the request a name, in its answer too. */
    void name(Request request, Response response) {
        String given = request.getHeaders().get(REQUEST_ID);
        byte[] bytes = new byte[REQUEST_ID_BYTES];
        random.nextBytes(bytes);
        boolean isUsable = given != null && REQUEST_ID_FORM.matcher(given).matches();
        response.getHeaders()
                .put(REQUEST_ID, isUsable ? given : HexFormat.of().formatHex(bytes))
                .put("X-Content-Type-Options", "nosniff");
    }

    void write(Problem problem, Request request, Response response, Callback callback) {
        String id = response.getHeaders().get(REQUEST_ID);
        var fault = problem.fault();
        response.setStatus(fault.status());
        var headers = response.getHeaders();
        headers.put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE).put(HttpHeader.CACHE_CONTROL, "no-store");
        if (fault == Fault.UNAUTHENTICATED) {
            headers.put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
        }
        if (fault.retryable()) {
            headers.put(HttpHeader.RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        byte[] json = problem.json(id == null ? "-" : id, Request.getPathInContext(request));
        response.write(true, ByteBuffer.wrap(json), callback);
    }
}
