package chat.parley.sendapi.account;

import chat.parley.account.Accounts;
import chat.parley.account.Caller;
import chat.parley.account.Refresh;
import chat.parley.account.StreamTickets;
import chat.parley.id.SessionId;
import chat.parley.json.JsonText;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Browsers;
import chat.parley.sendapi.http.Edge;
import io.javalin.http.Context;
import org.jspecify.annotations.Nullable;

/** HTTP for sessions: log in, refresh, list, log out, stream tickets, and the keys our tokens are signed with. */
public final class SessionRoutes {
    /** What a login reads at most of a name and a password: longer ones are wrong, and cost nothing. */
    static final int TYPED_CHARS_MAX = 1_000;

    private static final String CURRENT = "current";

    private final Accounts accounts;
    private final LogIn logIn;
    private final SessionNotice notice;
    private final SessionAnswer answer;
    private final Browsers browsers;

    SessionRoutes(Accounts accounts, LogIn logIn, SessionNotice notice, SessionAnswer answer, Browsers browsers) {
        this.accounts = accounts;
        this.logIn = logIn;
        this.notice = notice;
        this.answer = answer;
        this.browsers = browsers;
    }

    /** {@code POST /v1/sessions}. */
    public void logIn(Context http) {
        var body = Body.of(http);
        String username = body.text("username", 1, TYPED_CHARS_MAX);
        String password = body.text("password", 1, TYPED_CHARS_MAX);
        body.done();
        var client = new Client(http.userAgent(), browsers.clientAddress(http), browsers.isFromPage(http));
        var outcome = logIn.logIn(username, password, client);
        switch (outcome) {
            case LogIn.Outcome.LoggedIn done -> answer.opened(http, 201, done.user(), done.session());
            case LogIn.Outcome.Wrong wrong -> {
                limits(http, wrong.count());
                http.header("WWW-Authenticate", "Bearer");
                Answer.problem(http, Problem.of(Fault.BAD_CREDENTIALS));
            }
            case LogIn.Outcome.TooMany many -> tooMany(http, many.count());
            case LogIn.Outcome.Overloaded overloaded -> Overload.answer(http);
        }
    }

    /** {@code POST /v1/sessions/refresh}. */
    public void refresh(Context http) {
        var body = Body.of(http);
        String token = body.text("refresh_token", 1, TYPED_CHARS_MAX);
        body.done();
        switch (accounts.sessions().refresh(token)) {
            case Refresh.Rotated rotated -> {
                var user = accounts.users().find(rotated.user()).orElseThrow(SessionRoutes::unauthenticated);
                answer.write(http, 200, user, rotated.session(), rotated.next());
            }
            case Refresh.Reused reused -> {
                notice.ended(reused.user(), reused.session());
                throw unauthenticated();
            }
            case Refresh.Unknown unknown -> throw unauthenticated();
        }
    }

    /** {@code GET /v1/sessions}. */
    public void list(Context http) {
        var caller = Edge.caller(http);
        var sessions = accounts.sessions().of(caller.user());
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var session : sessions) {
                json.writeStartObject();
                json.writeStringField("id", session.id().toString());
                json.writeStringField("created_at", JsonText.time(session.createdAt()));
                json.writeStringField("last_used_at", JsonText.time(session.lastUsedAt()));
                if (session.userAgent() != null) {
                    json.writeStringField("user_agent", session.userAgent());
                }
                json.writeBooleanField("current", session.id().equals(caller.session()));
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** {@code DELETE /v1/sessions/{session}}; {@code current} is the caller's own. */
    public void end(Context http) {
        var caller = Edge.caller(http);
        var session = named(http.pathParam("session"), caller);
        if (session == null || !accounts.sessions().end(caller.user(), session)) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        notice.ended(caller.user(), session);
        if (session.equals(caller.session())) {
            answer.clearCookie(http);
        }
        http.status(204);
    }

    /** {@code POST /v1/stream/tickets}. */
    public void ticket(Context http) {
        var ticket = accounts.tickets().make(Edge.caller(http));
        Answer.json(http, 201, json -> {
            json.writeStartObject();
            json.writeStringField("ticket", ticket.reveal());
            json.writeNumberField("expires_in", StreamTickets.FIRST_USE_WITHIN.toSeconds());
            json.writeEndObject();
        });
    }

    /** {@code GET /.well-known/jwks.json}. */
    public void keys(Context http) {
        http.contentType("application/jwk-set+json");
        http.header("Cache-Control", "public, max-age=300");
        http.result(accounts.accessTokens().jwks());
    }

    private static @Nullable SessionId named(String text, Caller caller) {
        if (text.equals(CURRENT)) {
            return caller.session();
        }
        try {
            return SessionId.parse(text);
        } catch (IllegalArgumentException e) {
            return null; // cannot be one, like one that is none
        }
    }

    private static ProblemException unauthenticated() {
        return new ProblemException(Fault.UNAUTHENTICATED);
    }

    /** The answer where too many passwords were wrong. */
    static void tooMany(Context http, LoginTries.Try count) {
        limits(http, count);
        http.header("Retry-After", Long.toString(count.nextIn().toSeconds()));
        Answer.problem(http, Problem.of(Fault.TOO_MANY_REQUESTS));
    }

    /** The fields of draft-ietf-httpapi-ratelimit-headers. */
    static void limits(Context http, LoginTries.Try count) {
        http.header("RateLimit-Policy", "\"login\";q=" + count.quota() + ";w=" + LoginTries.WINDOW.toSeconds());
        http.header(
                "RateLimit",
                "\"login\";r=" + count.remaining() + ";t=" + count.nextIn().toSeconds());
    }
}
