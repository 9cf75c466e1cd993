package chat.parley.id;

/** Names one user. Time-sorted; 0 and negative values are never given out. */
public record UserId(long value) implements Comparable<UserId> {

    /**
     * Reads the public form, 13 characters of Crockford base32.
     *
     * @throws IllegalArgumentException if {@code text} does not have that form
     */
    public static UserId parse(String text) {
        return new UserId(Tsids.parse(text));
    }

    @Override
    public int compareTo(UserId other) {
        return Long.compare(value, other.value);
    }

    /** The public form. */
    @Override
    public String toString() {
        return Tsids.format(value);
    }
}
