package chat.parley.account;

import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a token says, once its signature and its claims were found good; {@code session} is null for outside issuers. */
record VerifiedToken(UserId user, @Nullable SessionId session, Instant until) {}
