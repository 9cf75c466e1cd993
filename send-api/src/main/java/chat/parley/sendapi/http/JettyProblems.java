package chat.parley.sendapi.http;

import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Answers what Jetty refuses before any route is asked (headers or URL too large, malformed requests) as a problem too. */
public final class JettyProblems extends ErrorHandler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = response.getStatus();
        Fault fault = switch (status) {
            case 404 -> Fault.NOT_FOUND;
            case 405 -> Fault.METHOD_NOT_ALLOWED;
            case 413 -> Fault.BODY_TOO_LARGE;
            case 414 -> Fault.URI_TOO_LONG;
            case 431 -> Fault.HEADERS_TOO_LARGE;
            case 503 -> Fault.OVERLOADED;
            default -> status >= 500 ? Fault.INTERNAL : Fault.INVALID_FIELD;
        };
        response.setStatus(fault.status());
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE);
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        // The path may be what is wrong with the request, so it is not repeated.
        response.write(true, ByteBuffer.wrap(Problem.of(fault).json("-", "/")), callback);
        return true;
    }
}
