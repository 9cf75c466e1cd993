package chat.parley.account;

import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.Secret;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A new session with its secrets, which are told here and never again.
 *
 * @param cookie null unless one was asked for
 * @param pushedOut older sessions of the same person that ended to make room
 */
public record OpenedSession(
        SessionId id,
        UserId user,
        Secret refreshToken,
        @Nullable Secret cookie,
        List<SessionId> pushedOut) {}
