package chat.parley.sendapi.http;

import chat.parley.json.JsonText;
import chat.parley.problem.Problem;
import io.javalin.http.Context;

/** Writes answers. */
public final class Answer {
    private Answer() {}

    /** JSON with a status. Answers belong to one person and are not kept by caches in between. */
    public static void json(Context http, int status, JsonText.Writer writer) {
        json(http, status, JsonText.bytes(writer));
    }

    /** The same of JSON already written. */
    public static void json(Context http, int status, byte[] json) {
        http.status(status);
        http.header("Cache-Control", "no-store");
        http.contentType("application/json");
        http.result(json);
    }

    /** A problem. */
    public static void problem(Context http, Problem problem) {
        http.status(problem.fault().status());
        http.header("Cache-Control", "no-store");
        http.contentType(Problem.CONTENT_TYPE);
        http.result(problem.json(Edge.requestId(http), http.path()));
    }
}
