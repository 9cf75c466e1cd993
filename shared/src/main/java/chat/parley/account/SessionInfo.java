package chat.parley.account;

import chat.parley.id.SessionId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A session as its owner sees it in the list of their sessions.
 *
 * @param lastUsedAt exact to ten minutes or so
 * @param userAgent what the client called itself, cut to a readable length
 */
public record SessionInfo(
        SessionId id,
        Instant createdAt,
        Instant lastUsedAt,
        @Nullable String userAgent) {}
