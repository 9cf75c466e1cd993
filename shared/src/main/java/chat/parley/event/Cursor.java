package chat.parley.event;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A position in one user's stream, as the id of an SSE frame carries it: {@code <epoch>-<n>-<time>-<tag>}, the numbers in base 36. Opaque to clients.
 *
 * @param epoch which of the user's streams, made of the ms in which it was: a later one has a larger; 0 while the user has none
 * @param n the entry's number in that stream, 1, 2, 3, ...; 0 before the first
 * @param timeMillis when the event was committed: from where to rebuild if the stream cannot answer
 * @param tag short tag of the replication id of the Redis that gave the entry
 */
public record Cursor(long epoch, long n, long timeMillis, String tag) {
    private static final int RADIX = 36;
    private static final Pattern FORM =
            Pattern.compile("([0-9a-z]{1,12})-([0-9a-z]{1,12})-([0-9a-z]{1,12})-([0-9a-f]{1,8})");

    /** Reads the written form; empty for anything that was never ours. */
    public static Optional<Cursor> parse(String text) {
        var match = FORM.matcher(text);
        if (!match.matches()) {
            return Optional.empty();
        }
        return Optional.of(new Cursor(
                Long.parseLong(match.group(1), RADIX),
                Long.parseLong(match.group(2), RADIX),
                Long.parseLong(match.group(3), RADIX),
                match.group(4)));
    }

    /** The same place, as of another time. */
    public Cursor withTime(long millis) {
        return new Cursor(epoch, n, millis, tag);
    }

    /** The written form. */
    @Override
    public String toString() {
        return Long.toString(epoch, RADIX)
                + "-"
                + Long.toString(n, RADIX)
                + "-"
                + Long.toString(timeMillis, RADIX)
                + "-"
                + tag;
    }
}
