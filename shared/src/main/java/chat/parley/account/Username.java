package chat.parley.account;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The unique name a person logs in with: 3 to 32 of a to z, 0 to 9, dot, hyphen and underscore. */
public record Username(String text) {
    private static final int CHARS_MIN = 3;
    private static final int CHARS_MAX = 32;
    private static final Pattern FORM = Pattern.compile("[a-z0-9_.-]{" + CHARS_MIN + "," + CHARS_MAX + "}");

    /** How much of a foreign name is kept: with a hyphen and five characters to make it unique it is still a username. */
    private static final int STEM_CHARS_MAX = CHARS_MAX - 6;

    /** For foreign names without a single usable character. */
    private static final String STEM_WITHOUT_NAME = "user";

    /** @throws IllegalArgumentException if {@code text} does not have the form */
    public Username {
        if (!FORM.matcher(text).matches()) {
            throw new IllegalArgumentException("not a username");
        }
    }

    /** Reads what a person typed: lower-cased, as names that differ in case only are the same name. Empty if it cannot be one. */
    public static Optional<Username> parse(String typed) {
        String lower = typed.toLowerCase(Locale.ROOT);
        return FORM.matcher(lower).matches() ? Optional.of(new Username(lower)) : Optional.empty();
    }

    /** The nearest username to the name an outside issuer uses: marks dropped, an address cut at its {@code @}, other characters replaced. */
    static Username nearest(@Nullable String foreign) {
        String name = foreign == null ? "" : foreign;
        int at = name.indexOf('@');
        if (at > 0) {
            name = name.substring(0, at);
        }
        String plain = Normalizer.normalize(name, Normalizer.Form.NFKD)
                .replaceAll("\\p{M}+", "")
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9_.-]+", "-")
                .replaceAll("^[-.]+|[-.]+$", "");
        String stem = plain.substring(0, Math.min(plain.length(), STEM_CHARS_MAX));
        return new Username(stem.length() < CHARS_MIN ? STEM_WITHOUT_NAME + stem : stem);
    }

    /** This name with an ending that makes it another one. */
    Username with(String ending) {
        return new Username(text.substring(0, Math.min(text.length(), STEM_CHARS_MAX)) + "-" + ending);
    }

    @Override
    public String toString() {
        return text;
    }
}
