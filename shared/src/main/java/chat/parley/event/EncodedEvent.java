package chat.parley.event;

/**
 * An event as it travels: what a stream node needs to know of it, and its JSON, which it never looks into.
 *
 * @param type the SSE event's name, for example {@code message.created}; ASCII without blanks
 * @param key names the state it tells of: two events with one key tell the same, so a repeat can be refused; ASCII without blanks
 * @param timeMillis when it was committed
 * @param json one line: the envelope of the contract; empty where a stream holds only a reference, see {@link References}
 */
public record EncodedEvent(String type, String key, long timeMillis, byte[] json) {
    /** Whether the JSON is missing here, because it is long and history has it. */
    public boolean isReference() {
        return json.length == 0;
    }
}
