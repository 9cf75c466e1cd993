package chat.parley.sendapi.account;

import chat.parley.account.Accounts;
import chat.parley.account.DisplayName;
import chat.parley.account.OpenedSession;
import chat.parley.account.Password;
import chat.parley.account.Passwords.Verdict;
import chat.parley.account.User;
import chat.parley.account.Username;
import chat.parley.account.Users;
import org.jspecify.annotations.Nullable;

/** Makes an account and its first session. */
public final class SignUp {
    private final Accounts accounts;

    /** @param accounts where they are stored */
    public SignUp(Accounts accounts) {
        this.accounts = accounts;
    }

    /**
     * A wish for an account.
     *
     * @param key the request's Idempotency-Key: its repeat gets a session of the account that it made, not "taken"
     */
    record Wish(
            Username username,
            DisplayName displayName,
            Password password,
            @Nullable String key) {}

    /** What became of it. */
    sealed interface Outcome {
        /** Made, now or by the first of the repeated requests. */
        record Welcome(User user, OpenedSession session, boolean isRepeat) implements Outcome {}

        /** Someone has the name. */
        record Taken() implements Outcome {}

        /** The key made this account, but with another password or display name. */
        record OtherWish() implements Outcome {}

        /** Nothing was done. */
        record Overloaded() implements Outcome {}
    }

    Outcome signUp(Wish wish, Client client) {
        var holder = accounts.users().login(wish.username()); // before the hash, which costs 42 ms
        if (holder.isPresent()) {
            return taken(holder.get(), wish, client);
        }
        var hash = accounts.passwords().hash(wish.password());
        if (hash.isEmpty()) {
            return new Outcome.Overloaded();
        }
        var created = accounts.users().create(wish.username(), wish.displayName(), hash.get(), wish.key());
        if (created instanceof Users.Created.Taken other) {
            return taken(other.holder(), wish, client);
        }
        return welcome(((Users.Created.Fresh) created).user(), client, false);
    }

    private Outcome taken(Users.Login holder, Wish wish, Client client) {
        if (wish.key() == null || !Users.wasMadeWith(holder, wish.key())) {
            return new Outcome.Taken();
        }
        var verdict = accounts.passwords().verify(wish.password(), holder.passwordHash());
        if (verdict == Verdict.OVERLOADED) {
            return new Outcome.Overloaded();
        }
        boolean isSame = verdict == Verdict.RIGHT && holder.user().displayName().equals(wish.displayName());
        return isSame ? welcome(holder.user(), client, true) : new Outcome.OtherWish();
    }

    private Outcome welcome(User user, Client client, boolean isRepeat) {
        var session = accounts.sessions().open(user.id(), client.userAgent(), client.isBrowser());
        return new Outcome.Welcome(user, session, isRepeat);
    }
}
