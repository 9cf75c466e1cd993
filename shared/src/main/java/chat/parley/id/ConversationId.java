package chat.parley.id;

/** Names one conversation. Time-sorted; 0 and negative values are never given out. */
public record ConversationId(long value) implements Comparable<ConversationId> {

    /**
     * Reads the public form, 13 characters of Crockford base32.
     *
     * @throws IllegalArgumentException if {@code text} does not have that form
     */
    public static ConversationId parse(String text) {
        return new ConversationId(Tsids.parse(text));
    }

    @Override
    public int compareTo(ConversationId other) {
        return Long.compare(value, other.value);
    }

    /** The public form. */
    @Override
    public String toString() {
        return Tsids.format(value);
    }
}
