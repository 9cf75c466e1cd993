package chat.parley.conversation;

import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * By what one member wants to be woken; nobody else's business.
 *
 * @param mutedUntil null: not muted
 */
public record Notifications(Level level, @Nullable Instant mutedUntil) {
    /** What everyone begins with. */
    public static final Notifications DEFAULT = new Notifications(Level.ALL, null);

    /** Which messages wake. */
    public enum Level {
        /** All. */
        ALL,
        /** Those that mention the member. */
        MENTIONS,
        /** None. */
        NONE;

        /** As it stands in JSON and in the database. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Level of(String text) {
            return valueOf(text.toUpperCase(Locale.ROOT));
        }
    }
}
