package chat.parley.stream;

import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Whose stream it is and until when.
 *
 * @param session null for people of outside issuers
 * @param until when the proof ends
 */
record StreamOwner(UserId user, @Nullable SessionId session, Instant until) {}
