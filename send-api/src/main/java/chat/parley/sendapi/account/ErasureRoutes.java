package chat.parley.sendapi.account;

import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Browsers;
import chat.parley.sendapi.http.Edge;
import io.javalin.http.Context;
import org.jspecify.annotations.Nullable;

/** HTTP for the erasure of one's own account. */
public final class ErasureRoutes {
    private final EraseAccount eraseAccount;
    private final SessionAnswer answer;
    private final Browsers browsers;

    ErasureRoutes(EraseAccount eraseAccount, SessionAnswer answer, Browsers browsers) {
        this.eraseAccount = eraseAccount;
        this.answer = answer;
        this.browsers = browsers;
    }

    /** {@code DELETE /v1/users/me}. */
    public void erase(Context http) {
        var outcome = eraseAccount.erase(Edge.caller(http).user(), password(http), browsers.clientAddress(http));
        switch (outcome) {
            case EraseAccount.Outcome.Begun unused -> {
                answer.clearCookie(http);
                http.status(202);
            }
            case EraseAccount.Outcome.PasswordMissing unused -> throw ProblemException.field("/password", "required");
            case EraseAccount.Outcome.Wrong wrong -> {
                SessionRoutes.limits(http, wrong.count());
                http.header("WWW-Authenticate", "Bearer");
                Answer.problem(http, Problem.of(Fault.BAD_CREDENTIALS));
            }
            case EraseAccount.Outcome.TooMany many -> SessionRoutes.tooMany(http, many.count());
            case EraseAccount.Outcome.Overloaded unused -> Overload.answer(http);
            case EraseAccount.Outcome.Gone unused -> throw new ProblemException(Fault.UNAUTHENTICATED);
        }
    }

    /** Who has no password here sends no body. */
    private static @Nullable String password(Context http) {
        if (http.contentType() == null && http.contentLength() <= 0) {
            return null;
        }
        var body = Body.of(http);
        String password = body.textOrNull("password", 1, SessionRoutes.TYPED_CHARS_MAX);
        body.done();
        return password;
    }
}
