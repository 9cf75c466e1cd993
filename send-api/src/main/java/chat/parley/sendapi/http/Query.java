package chat.parley.sendapi.http;

import chat.parley.problem.ProblemException;
import io.javalin.http.Context;

/** Parameters of a URL. */
public final class Query {
    private Query() {}

    /** Whether the parameter {@code name} is 1; it may be 0 or left out. */
    public static boolean flag(Context http, String name) {
        String text = http.queryParam(name);
        if (text == null || text.equals("0")) {
            return false;
        }
        if (text.equals("1")) {
            return true;
        }
        throw ProblemException.field(name, "not_0_or_1");
    }

    /** The parameter {@code limit}, from 1 to {@code max}. */
    public static int limit(Context http, int fallback, int max) {
        String text = http.queryParam("limit");
        if (text == null) {
            return fallback;
        }
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= max) {
                return limit;
            }
        } catch (NumberFormatException e) {
            throw ProblemException.field("limit", "not_a_number");
        }
        throw ProblemException.field("limit", "out_of_range");
    }
}
