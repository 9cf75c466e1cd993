package chat.parley.id;

/** Names one uploaded file. Time-sorted; 0 and negative values are never given out. */
public record MediaId(long value) implements Comparable<MediaId> {

    /**
     * Reads the public form, 13 characters of Crockford base32.
     *
     * @throws IllegalArgumentException if {@code text} does not have that form
     */
    public static MediaId parse(String text) {
        return new MediaId(Tsids.parse(text));
    }

    @Override
    public int compareTo(MediaId other) {
        return Long.compare(value, other.value);
    }

    /** The public form. */
    @Override
    public String toString() {
        return Tsids.format(value);
    }
}
