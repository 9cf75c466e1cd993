package chat.parley.sendapi.http;

import chat.parley.json.JsonText;
import chat.parley.problem.Problem;
import io.javalin.http.Context;
import java.io.IOException;

/** Writes answers. */
public final class Answer {
    private static final String BODY = "answer";

    private Answer() {}

    /**
     * Runs after all that may still say something in headers, and hands the body to the servlet's stream. Javalin would copy a result of its own by a buffer of
     * 32 KB, whatever its size.
     */
    public static void write(Context http) throws IOException {
        byte[] body = http.attribute(BODY);
        if (body != null) {
            http.outputStream().write(body);
        }
    }

    /** JSON with a status. Answers belong to one person and are not kept by caches in between. */
    public static void json(Context http, int status, JsonText.Writer writer) {
        json(http, status, JsonText.bytes(writer));
    }

    /** The same of JSON already written. */
    public static void json(Context http, int status, byte[] json) {
        http.status(status);
        http.header("Cache-Control", "no-store");
        http.contentType("application/json");
        http.attribute(BODY, json);
    }

    /** A problem. */
    public static void problem(Context http, Problem problem) {
        http.status(problem.fault().status());
        http.header("Cache-Control", "no-store");
        http.contentType(Problem.CONTENT_TYPE);
        http.attribute(BODY, problem.json(Edge.requestId(http), http.path()));
    }
}
