package chat.parley.message;

import java.time.Instant;

/**
 * How far a conversation's messages reach.
 *
 * @param lastSeq of the newest message; 0 while there was none
 * @param lastAt of the newest message; never goes back
 */
public record MessageHead(long lastSeq, Instant lastAt) {}
