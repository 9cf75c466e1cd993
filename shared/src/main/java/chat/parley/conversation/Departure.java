package chat.parley.conversation;

import java.time.Instant;

/**
 * The end of a membership.
 *
 * @param seq the last message this member could see
 */
public record Departure(Instant at, long seq) {}
