package chat.parley.account;

import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Who is calling.
 *
 * @param session the login session, which may end before {@code until}; null for people of outside issuers, who have none here
 * @param until when this proof ends by itself: the token's or the session's end
 */
public record Caller(UserId user, @Nullable SessionId session, Instant until, Means means) {}
