package chat.parley.sendapi.account;

import chat.parley.account.Accounts;
import chat.parley.event.EventLog;
import chat.parley.media.MediaCatalog;
import chat.parley.sendapi.http.Browsers;
import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.MeterRegistry;

/** The routes about accounts, put together. */
public record AccountRoutes(UserRoutes users, SessionRoutes sessions, ErasureRoutes erasure) {

    /**
     * @param events tells stream nodes of ended sessions
     * @param media where people's pictures are found
     */
    public static AccountRoutes over(
            Accounts accounts, EventLog events, Browsers browsers, MediaCatalog media, MeterRegistry meters) {
        var notice = new SessionNotice(events);
        var answer = new SessionAnswer(accounts.accessTokens(), browsers);
        var tries = new LoginTries(Ticker.systemTicker());
        var logIn = new LogIn(accounts, tries, notice, meters);
        return new AccountRoutes(
                new UserRoutes(new SignUp(accounts), accounts.users(), answer, browsers, media),
                new SessionRoutes(accounts, logIn, notice, answer, browsers),
                new ErasureRoutes(new EraseAccount(accounts, tries, events), answer, browsers));
    }
}
