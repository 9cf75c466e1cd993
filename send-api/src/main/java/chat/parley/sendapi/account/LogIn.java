package chat.parley.sendapi.account;

import chat.parley.account.Accounts;
import chat.parley.account.OpenedSession;
import chat.parley.account.Password;
import chat.parley.account.Passwords.Verdict;
import chat.parley.account.User;
import chat.parley.account.Username;
import chat.parley.account.Users;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.Optional;

/** Opens a session for who knows the password. Says nothing of whether a name exists: not by the answer, not by the time it takes. */
public final class LogIn {
    /** Logins by outcome: 4 series. */
    private static final String LOGINS = "parley.logins";

    /** Longer names are nobody's; cut, so that counting them costs no memory. */
    private static final int COUNTED_NAME_CHARS = 64;

    private final Accounts accounts;
    private final LoginTries tries;
    private final SessionNotice notice;
    private final MeterRegistry meters;

    LogIn(Accounts accounts, LoginTries tries, SessionNotice notice, MeterRegistry meters) {
        this.accounts = accounts;
        this.tries = tries;
        this.notice = notice;
        this.meters = meters;
    }

    /** What a login came to. */
    sealed interface Outcome {
        /** The session is open. */
        record LoggedIn(User user, OpenedSession session) implements Outcome {}

        /** Name or password is wrong. */
        record Wrong(LoginTries.Try count) implements Outcome {}

        /** Not compared: too many were wrong before. */
        record TooMany(LoginTries.Try count) implements Outcome {}

        /** Not compared, not counted. */
        record Overloaded() implements Outcome {}
    }

    Outcome logIn(String typedName, String typedPassword, Client client) {
        String lower = typedName.toLowerCase(Locale.ROOT);
        String counted = lower.substring(0, Math.min(lower.length(), COUNTED_NAME_CHARS));
        var count = tries.take(counted, client.address());
        if (!count.allowed()) {
            count("limited");
            return new Outcome.TooMany(count);
        }
        boolean isWrong = false;
        try {
            var outcome = compare(typedName, typedPassword, client, count);
            isWrong = outcome instanceof Outcome.Wrong;
            return outcome;
        } finally {
            if (!isWrong) {
                tries.giveBack(counted, client.address());
            }
        }
    }

    private Outcome compare(String typedName, String typedPassword, Client client, LoginTries.Try count) {
        var password = Password.parse(typedPassword);
        if (password.isEmpty()) { // depends on what was typed only, so the missing delay tells nothing
            count("wrong");
            return new Outcome.Wrong(count);
        }
        Optional<Users.Login> account =
                Username.parse(typedName).flatMap(username -> accounts.users().login(username));
        String stored = account.map(Users.Login::passwordHash).orElse(null);
        var verdict = accounts.passwords().verify(password.get(), stored);
        if (verdict == Verdict.OVERLOADED) {
            count("overloaded");
            return new Outcome.Overloaded();
        }
        if (verdict == Verdict.WRONG || account.isEmpty()) {
            count("wrong");
            return new Outcome.Wrong(count);
        }
        var user = account.get().user();
        var session = accounts.sessions().open(user.id(), client.userAgent(), client.isBrowser());
        session.pushedOut().forEach(ended -> notice.ended(user.id(), ended));
        count("right");
        return new Outcome.LoggedIn(user, session);
    }

    private void count(String outcome) {
        meters.counter(LOGINS, "outcome", outcome).increment();
    }
}
