package chat.parley.sendapi.account;

import chat.parley.account.AccessTokens;
import chat.parley.account.OpenedSession;
import chat.parley.account.SessionCookie;
import chat.parley.account.User;
import chat.parley.account.UserJson;
import chat.parley.id.SessionId;
import chat.parley.ops.Secret;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Browsers;
import io.javalin.http.Context;
import java.time.Duration;

/** Writes the answer to a sign-up, a login and a refresh, and the browser's cookie. */
final class SessionAnswer {
    /** The longest that browsers keep a cookie; when the session ends is for the server to say. */
    private static final Duration COOKIE_AGE = Duration.ofDays(400);

    private final AccessTokens tokens;
    private final Browsers browsers;

    SessionAnswer(AccessTokens tokens, Browsers browsers) {
        this.tokens = tokens;
        this.browsers = browsers;
    }

    void opened(Context http, int status, User user, OpenedSession session) {
        if (session.cookie() != null) {
            cookie(http, session.cookie().reveal(), COOKIE_AGE);
        }
        write(http, status, user, session.id(), session.refreshToken());
    }

    void write(Context http, int status, User user, SessionId session, Secret refreshToken) {
        Secret accessToken = tokens.issue(user.id(), session);
        Answer.json(http, status, json -> {
            json.writeStartObject();
            json.writeFieldName("user");
            UserJson.write(user, json);
            json.writeObjectFieldStart("session");
            json.writeStringField("id", session.toString());
            json.writeStringField("access_token", accessToken.reveal());
            json.writeNumberField("expires_in", AccessTokens.LIFE.toSeconds());
            json.writeStringField("refresh_token", refreshToken.reveal());
            json.writeEndObject();
            json.writeEndObject();
        });
    }

    /** Takes the cookie from the browser. */
    void clearCookie(Context http) {
        cookie(http, "", Duration.ZERO);
    }

    private void cookie(Context http, String value, Duration age) {
        boolean https = browsers.isHttps(http);
        String name = (https ? SessionCookie.SECURE : SessionCookie.PLAIN).cookieName();
        http.header(
                "Set-Cookie",
                name + "=" + value + "; Path=/; Max-Age=" + age.toSeconds() + "; HttpOnly; SameSite=Lax"
                        + (https ? "; Secure" : ""));
    }
}
