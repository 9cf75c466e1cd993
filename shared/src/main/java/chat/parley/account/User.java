package chat.parley.account;

import chat.parley.id.UserId;
import java.time.Instant;

/** A person as everybody may see them. */
public record User(UserId id, Username username, DisplayName displayName, Instant createdAt) {}
