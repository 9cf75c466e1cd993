package chat.parley.event;

/**
 * An event as it travels: what a stream node needs to know of it, and its JSON, which it never looks into.
 *
 * @param type the SSE event's name, for example {@code message.created}
 * @param key names the state it tells of: two events with one key tell the same, so a repeat can be refused. No blanks.
 * @param timeMillis when it was committed
 * @param json one line: the envelope of the contract
 */
public record EncodedEvent(String type, String key, long timeMillis, byte[] json) {}
