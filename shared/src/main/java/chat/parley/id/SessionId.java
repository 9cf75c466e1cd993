package chat.parley.id;

/** Names one login session. Time-sorted; 0 and negative values are never given out. */
public record SessionId(long value) implements Comparable<SessionId> {

    /**
     * Reads the public form, 13 characters of Crockford base32.
     *
     * @throws IllegalArgumentException if {@code text} does not have that form
     */
    public static SessionId parse(String text) {
        return new SessionId(Tsids.parse(text));
    }

    @Override
    public int compareTo(SessionId other) {
        return Long.compare(value, other.value);
    }

    /** The public form. */
    @Override
    public String toString() {
        return Tsids.format(value);
    }
}
