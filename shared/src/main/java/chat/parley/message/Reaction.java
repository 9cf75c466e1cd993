package chat.parley.message;

import chat.parley.id.UserId;
import java.time.Instant;

/** Who reacted to a message, how and when. */
public record Reaction(UserId user, String emoji, Instant at) {}
