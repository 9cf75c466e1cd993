package chat.parley.account;

import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import java.time.Instant;

/** What deciding about a request needs of a session. */
record SessionRow(SessionId id, UserId user, Instant expiresAt, boolean hasEnded) {
    boolean isInForceAt(Instant now) {
        return !hasEnded && now.isBefore(expiresAt);
    }
}
