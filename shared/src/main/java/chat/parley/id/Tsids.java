package chat.parley.id;

import io.hypersistence.tsid.TSID;

/** The written form shared by all ids: 13 characters of Crockford base32, upper case. */
final class Tsids {
    private Tsids() {}

    static String format(long value) {
        return TSID.from(value).toString();
    }

    /**
     * Reads the written form, upper or lower case.
     *
     * @throws IllegalArgumentException if {@code text} is not an id
     */
    static long parse(String text) {
        if (!TSID.isValid(text)) {
            throw new IllegalArgumentException("not an id");
        }
        return TSID.from(text).toLong();
    }
}
