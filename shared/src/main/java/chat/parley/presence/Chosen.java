package chat.parley.presence;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How someone wants to appear while connected. */
public enum Chosen {
    /** As it is. */
    ONLINE(""),
    /** Away, whatever is connected. */
    AWAY("a"),
    /** As if nothing were connected. */
    INVISIBLE("v");

    private final String letter;

    Chosen(String letter) {
        this.letter = letter;
    }

    /** Reads the public form. */
    public static Optional<Chosen> parse(String text) {
        for (var chosen : values()) {
            if (chosen.text().equals(text)) {
                return Optional.of(chosen);
            }
        }
        return Optional.empty();
    }

    /** The public form. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    String letter() {
        return letter;
    }

    static Chosen of(@Nullable String letter) {
        for (var chosen : values()) {
            if (chosen.letter.equals(letter)) {
                return chosen;
            }
        }
        return ONLINE;
    }
}
