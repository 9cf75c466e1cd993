package chat.parley.message;

import java.time.Instant;

/**
 * What a message said at one time.
 *
 * @param revision 1 for what was sent, 2 for what the first edit made of it, ...
 * @param since from when on
 */
public record MessageVersion(int revision, MessageBody body, Instant since) {}
