package chat.parley.sendapi.media;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The part of a blob that is sent (RFC 9110, 14): one range. Several at once are answered by the whole, as the RFC allows.
 *
 * @param first offset of the first byte
 * @param length number of bytes
 */
record ByteRange(long first, long length) {
    /** No number needs more digits; a longer one would overflow. */
    private static final Pattern FORM =
            Pattern.compile("bytes=[ \\t]*([0-9]{0,18})-([0-9]{0,18})[ \\t]*", Pattern.CASE_INSENSITIVE);

    /** What a header asks for. */
    sealed interface Wish {
        /** All of it. */
        record Whole() implements Wish {}

        /** A part that is there. */
        record Part(ByteRange range) implements Wish {}

        /** A part behind the end. */
        record Outside() implements Wish {}
    }

    static Wish of(@Nullable String header, long total) {
        if (header == null) {
            return new Wish.Whole();
        }
        Matcher range = FORM.matcher(header);
        if (!range.matches() || (range.group(1).isEmpty() && range.group(2).isEmpty())) {
            return new Wish.Whole(); // what nobody understands is ignored
        }
        if (range.group(1).isEmpty()) {
            long last = Math.min(Long.parseLong(range.group(2)), total);
            return last == 0 ? new Wish.Outside() : new Wish.Part(new ByteRange(total - last, last));
        }
        long first = Long.parseLong(range.group(1));
        long end = range.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(range.group(2));
        if (end < first) {
            return new Wish.Whole(); // no range at all
        }
        return first >= total
                ? new Wish.Outside()
                : new Wish.Part(new ByteRange(first, Math.min(end, total - 1) - first + 1));
    }

    /** {@code Content-Range}. */
    String header(long total) {
        return "bytes " + first + "-" + (first + length - 1) + "/" + total;
    }
}
