package chat.parley.account;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a person is called: 1 to 64 characters of any script, not all of them blank, none of them a control character. Kept as typed. */
public record DisplayName(String text) {
    private static final int CODE_POINTS_MAX = 64;

    /** @throws IllegalArgumentException if {@code text} cannot be a name */
    public DisplayName {
        if (!isName(text)) {
            throw new IllegalArgumentException("not a display name");
        }
    }

    /** Reads what a person typed; empty if it cannot be a name. */
    public static Optional<DisplayName> parse(String typed) {
        return isName(typed) ? Optional.of(new DisplayName(typed)) : Optional.empty();
    }

    /** The nearest name to what an outside issuer calls the person, else {@code fallback}. */
    static DisplayName nearest(@Nullable String foreign, Username fallback) {
        var kept = new StringBuilder();
        if (foreign != null) {
            foreign.codePoints()
                    .filter(DisplayName::isAllowed)
                    .limit(CODE_POINTS_MAX)
                    .forEach(kept::appendCodePoint);
        }
        return parse(kept.toString()).orElseGet(() -> new DisplayName(fallback.text()));
    }

    /** Folded for the search: compatible forms and cases are one. */
    static String folded(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
    }

    private static boolean isName(String text) {
        return !text.isBlank()
                && text.codePointCount(0, text.length()) <= CODE_POINTS_MAX
                && text.codePoints().allMatch(DisplayName::isAllowed);
    }

    /** No control characters, which would forge lines in logs, and no half surrogates, which no store can hold. */
    private static boolean isAllowed(int codePoint) {
        int type = Character.getType(codePoint);
        return type != Character.CONTROL && type != Character.SURROGATE;
    }

    @Override
    public String toString() {
        return text;
    }
}
