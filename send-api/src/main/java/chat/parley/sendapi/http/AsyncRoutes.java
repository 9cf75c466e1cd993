package chat.parley.sendapi.http;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.URIUtil;
import org.jspecify.annotations.Nullable;

/**
 * The URLs that are served without a thread for each request: asked first, on the thread on which Jetty read the request, which serves many connections and must
 * never wait. Everything else gets a thread of its own here and is passed on.
 *
 * <p>For a route that is called more often than all others together; see {@code docs/adr/0016-sends-without-a-thread.md}.
 */
public final class AsyncRoutes extends Handler.Wrapper {
    private final Edge edge;
    private final Executor threads;
    private final BooleanSupplier leaving;
    private final AnswerThreads answers = new AnswerThreads();
    private final List<Served> served = new ArrayList<>();

    /** One parameter in the path, between two texts. */
    private record Served(String method, String pattern, String before, String after, AsyncRoute route) {
        /** The parameter as it stands in the path; null where the path is another. A slash at the end does not matter, as everywhere. */
        @Nullable
        String parameter(String path) {
            int end = path.endsWith("/") ? path.length() - 1 : path.length();
            int from = before.length();
            int to = end - after.length();
            return to > from && path.startsWith(before) && path.startsWith(after, to) && path.indexOf('/', from) == to
                    ? path.substring(from, to)
                    : null;
        }
    }

    /**
     * @param threads runs what waits, each piece on a thread of its own
     * @param leaving true from the moment the process was told to stop
     */
    public AsyncRoutes(Edge edge, Executor threads, BooleanSupplier leaving) {
        this.edge = edge;
        this.threads = threads;
        this.leaving = leaving;
    }

    /** Serves {@code pattern}, which has one parameter in braces, for people only. To be called before the server starts. */
    public void post(String pattern, AsyncRoute route, Access access) {
        if (access != Access.PERSON) {
            throw new IllegalArgumentException(pattern + " must be for people");
        }
        int open = pattern.indexOf('{');
        int close = pattern.indexOf('}');
        served.add(new Served("POST", pattern, pattern.substring(0, open), pattern.substring(close + 1), route));
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        String path = request.getHttpURI().getPath();
        for (var each : served) {
            String parameter = path != null && each.method.equals(request.getMethod()) ? each.parameter(path) : null;
            if (parameter != null) {
                serve(each, parameter, new AsyncCall.Exchange(request, response, callback));
                return true;
            }
        }
        threads.execute(() -> passOn(request, response, callback));
        return true;
    }

    private void serve(Served found, String parameter, AsyncCall.Exchange exchange) {
        String decoded = parameter.indexOf('%') < 0 ? parameter : URIUtil.decodePath(parameter);
        var connection = exchange.request().getConnectionMetaData().getConnection();
        var work = new AsyncCall.Threads(answers.of(connection), threads);
        new AsyncCall(edge, found.pattern, decoded, exchange, work, leaving).serve(found.route);
    }

    private void passOn(Request request, Response response, Callback callback) {
        try {
            if (!super.handle(request, response, callback)) {
                Response.writeError(request, response, callback, 404);
            }
        } catch (Exception | LinkageError | AssertionError e) {
            Response.writeError(request, response, callback, e);
        }
    }

    /** Nothing here waits. */
    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }
}
