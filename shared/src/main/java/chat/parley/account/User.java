package chat.parley.account;

import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A person as everybody may see them.
 *
 * @param avatar their picture; null where they have none
 */
public record User(
        UserId id,
        Username username,
        DisplayName displayName,
        @Nullable MediaId avatar,
        Instant createdAt) {}
