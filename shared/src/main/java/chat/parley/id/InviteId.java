package chat.parley.id;

/** Names one invitation; not what its link carries. Time-sorted; 0 and negative values are never given out. */
public record InviteId(long value) implements Comparable<InviteId> {

    /**
     * Reads the public form, 13 characters of Crockford base32.
     *
     * @throws IllegalArgumentException if {@code text} does not have that form
     */
    public static InviteId parse(String text) {
        return new InviteId(Tsids.parse(text));
    }

    @Override
    public int compareTo(InviteId other) {
        return Long.compare(value, other.value);
    }

    /** The public form. */
    @Override
    public String toString() {
        return Tsids.format(value);
    }
}
