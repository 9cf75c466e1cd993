package chat.parley.event;

import chat.parley.id.UserId;

/**
 * An event as it travels: what a stream node needs to know of it, and its JSON, which it never looks into.
 *
 * @param type the SSE event's name, for example {@code message.created}; ASCII without blanks
 * @param key names the state it tells of: two events with one key tell the same, so a repeat can be refused; ASCII without blanks
 * @param timeMillis when it was committed
 * @param json one line: the envelope of the contract; empty where a stream holds only a reference, see {@link References}
 */
public record EncodedEvent(String type, String key, long timeMillis, byte[] json) {
    /** Whether it tells a new message. */
    public boolean isNewMessage() {
        return type.equals(EventJson.MESSAGE_CREATED);
    }

    /** Which message it tells of; 0: of none. */
    public long messageSeq() {
        return key.startsWith(EventJson.MESSAGE_KEY) ? References.Name.of(this).seq() : 0;
    }

    /** Whether {@code user}, whose stream has it, may be in a large group since, or no more: came, went, or a conversation is another. */
    public boolean concernsMembershipOf(UserId user) {
        return switch (type) {
            case "conversation.created", "conversation.updated" -> true;
            case "member.joined", "member.left" -> key.contains(":" + user + ":");
            default -> false;
        };
    }

    /** Whether the JSON is missing here, because it is long and history has it. */
    public boolean isReference() {
        return json.length == 0;
    }
}
