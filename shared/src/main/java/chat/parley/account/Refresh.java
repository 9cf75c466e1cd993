package chat.parley.account;

import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.Secret;

/** What became of a refresh token. */
public sealed interface Refresh {
    /** It was the one in force; {@code next} is from now on. */
    record Rotated(SessionId session, UserId user, Secret next) implements Refresh {}

    /** It was in force once: someone else has a copy, so the session was ended. */
    record Reused(SessionId session, UserId user) implements Refresh {}

    /** It never was, or its session is over. */
    record Unknown() implements Refresh {}
}
