package chat.parley.sendapi.account;

import chat.parley.account.Accounts;
import chat.parley.account.Password;
import chat.parley.account.Passwords.Verdict;
import chat.parley.event.EventLog;
import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Begins the erasure of an account for who knows its password: from then on there is no such person. The rest is done in the background. */
final class EraseAccount {
    private static final Logger LOG = LoggerFactory.getLogger(EraseAccount.class);

    private final Accounts accounts;
    private final LoginTries tries;
    private final EventLog events;

    /** @param tries the same that count logins: a stolen session must not be a way to guess the password */
    EraseAccount(Accounts accounts, LoginTries tries, EventLog events) {
        this.accounts = accounts;
        this.tries = tries;
        this.events = events;
    }

    /** What a wish to be erased came to. */
    sealed interface Outcome {
        /** There is no such person any more. */
        record Begun() implements Outcome {}

        /** This account has a password, and none was sent. */
        record PasswordMissing() implements Outcome {}

        /** The password is wrong. */
        record Wrong(LoginTries.Try count) implements Outcome {}

        /** Not compared: too many were wrong before. */
        record TooMany(LoginTries.Try count) implements Outcome {}

        /** Not compared, not counted. */
        record Overloaded() implements Outcome {}

        /** Erased already, by another request. */
        record Gone() implements Outcome {}
    }

    Outcome erase(UserId user, @Nullable String typedPassword, String address) {
        var account = accounts.users().login(user);
        if (account.isEmpty()) {
            return new Outcome.Gone();
        }
        String stored = account.get().passwordHash();
        if (stored != null) {
            if (typedPassword == null) {
                return new Outcome.PasswordMissing();
            }
            String name = account.get().user().username().text();
            var refusal = compare(name, stored, typedPassword, address);
            if (refusal != null) {
                return refusal;
            }
        }
        var sessions = accounts.erasures().begin(user);
        if (sessions.isEmpty()) {
            return new Outcome.Gone();
        }
        tell(user, sessions.get());
        return new Outcome.Begun();
    }

    /** Null for the right password. */
    private @Nullable Outcome compare(String name, String stored, String typedPassword, String address) {
        var count = tries.take(name, address);
        if (!count.allowed()) {
            return new Outcome.TooMany(count);
        }
        boolean isWrong = false;
        try {
            var password = Password.parse(typedPassword);
            var verdict =
                    password.isEmpty() ? Verdict.WRONG : accounts.passwords().verify(password.get(), stored);
            isWrong = verdict == Verdict.WRONG;
            return switch (verdict) {
                case RIGHT -> null;
                case WRONG -> new Outcome.Wrong(count);
                case OVERLOADED -> new Outcome.Overloaded();
            };
        } finally {
            if (!isWrong) {
                tries.giveBack(name, address);
            }
        }
    }

    /** Closes open streams at once. Where the notice is lost, nodes find that the sessions are gone when they ask, every 20 s. */
    private void tell(UserId user, List<SessionId> sessions) {
        sessions.forEach(accounts.sessions()::forget);
        try {
            events.allSessionsEnded(user);
        } catch (StoreUnavailable e) {
            LOG.warn("streams of somebody erased close with their next check only: {}", e.getMessage());
        }
    }
}
