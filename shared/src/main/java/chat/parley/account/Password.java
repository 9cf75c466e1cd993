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

    /** Reads what a person typed; empty if it is too short, too long or no Unicode. */
    public static Optional<Password> parse(String typed) {
        int length = typed.codePointCount(0, typed.length());
        boolean whole = typed.codePoints().noneMatch(point -> Character.getType(point) == Character.SURROGATE);
        return length >= CODE_POINTS_MIN && length <= CODE_POINTS_MAX && whole
                ? Optional.of(new Password(Normalizer.normalize(typed, Normalizer.Form.NFC)))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return "[redacted]";
    }
}
