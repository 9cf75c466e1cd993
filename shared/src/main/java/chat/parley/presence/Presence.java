package chat.parley.presence;

import chat.parley.id.UserId;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How someone appears to others.
 *
 * @param text what the person wrote beside it; null for nothing
 * @param lastSeen null where nothing is known any more
 */
public record Presence(
        UserId user,
        Status status,
        @Nullable String text,
        @Nullable Instant lastSeen) {
    /** What others see. */
    public enum Status {
        /** A stream is open on a device that is looked at. */
        ONLINE,
        /** Only devices in pockets are connected, or the person says so. */
        AWAY,
        /** Nothing is connected, or the person does not want to be seen. */
        OFFLINE;

        /** As it is written. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Someone of whom nothing is known. */
    public static Presence unknown(UserId user) {
        return new Presence(user, Status.OFFLINE, null, null);
    }
}
