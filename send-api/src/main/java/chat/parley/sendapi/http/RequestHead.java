package chat.parley.sendapi.http;

import io.javalin.http.Context;
import java.util.Enumeration;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/** What rules have to know of a request's head, whoever serves it. */
public interface RequestHead {
    /** GET, POST and so on. */
    String method();

    /** The first line of a header; null where there is none. */
    @Nullable
    String header(String name);

    /** The last line of a header; null where there is none. */
    @Nullable
    String lastHeader(String name);

    /** That of a request to a route of Javalin. */
    static RequestHead of(Context http) {
        return new RequestHead() {
            @Override
            public String method() {
                return http.method().name();
            }

            @Override
            public @Nullable String header(String name) {
                return http.header(name);
            }

            @Override
            public @Nullable String lastHeader(String name) {
                return lastOf(http.req().getHeaders(name));
            }
        };
    }

    /** That of a request to one of the {@link AsyncRoutes}. */
    static RequestHead of(Request request) {
        return new RequestHead() {
            @Override
            public String method() {
                return request.getMethod();
            }

            @Override
            public @Nullable String header(String name) {
                return request.getHeaders().get(name);
            }

            @Override
            public @Nullable String lastHeader(String name) {
                return lastOf(request.getHeaders().getValues(name));
            }
        };
    }

    private static @Nullable String lastOf(Enumeration<String> lines) {
        String last = null;
        while (lines.hasMoreElements()) {
            last = lines.nextElement();
        }
        return last;
    }
}
