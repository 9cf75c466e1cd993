package chat.parley.sendapi.account;

import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.sendapi.http.Answer;
import io.javalin.http.Context;

/** The answer when too many passwords wait to be hashed. */
final class Overload {
    /** The full queue takes about this long. */
    private static final int RETRY_AFTER_SECONDS = 2;

    private Overload() {}

    static void answer(Context http) {
        http.header("Retry-After", Integer.toString(RETRY_AFTER_SECONDS));
        Answer.problem(http, Problem.of(Fault.OVERLOADED));
    }
}
