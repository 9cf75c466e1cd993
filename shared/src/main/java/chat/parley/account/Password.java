package chat.parley.account;

import java.text.Normalizer;
import java.util.Optional;

/**
 * A password as typed, 8 to 128 characters. Keyboards compose accents differently, so it is kept in Unicode's composed form (RFC 8265, OpaqueString).
 * Its text form hides it.
 */
public record Password(String reveal) {
    private static final int CODE_POINTS_MIN = 8;

    /** Argon2 takes any length; without a limit a request could make it read megabytes. */
    private static final int CODE_POINTS_MAX = 128;

    /** Composing more than this is work for nothing: no character is written with more than some 4 marks. */
    private static final int CHARS_READ_MAX = 8 * CODE_POINTS_MAX;

    /** Reads what a person typed; empty if it is too short, too long or no Unicode. */
    public static Optional<Password> parse(String typed) {
        if (typed.length() > CHARS_READ_MAX
                || typed.codePoints().anyMatch(point -> Character.getType(point) == Character.SURROGATE)) {
            return Optional.empty();
        }
        String composed = Normalizer.normalize(typed, Normalizer.Form.NFC);
        int length = composed.codePointCount(0, composed.length());
        return length >= CODE_POINTS_MIN && length <= CODE_POINTS_MAX
                ? Optional.of(new Password(composed))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return "[redacted]";
    }
}
