package chat.parley.push;

import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * How a person wants to be woken, over all conversations.
 *
 * @param preview false: pushes say that there is something new, and not what or from whom
 * @param quietHours null: at any time
 */
public record PushPreferences(boolean preview, @Nullable QuietHours quietHours) {
    /** What everyone begins with. */
    public static final PushPreferences DEFAULT = new PushPreferences(true, null);

    /**
     * A time of every day in which nothing wakes.
     *
     * @param from included
     * @param to not included, differs from {@code from}; earlier than it: over midnight
     */
    public record QuietHours(LocalTime from, LocalTime to, ZoneId zone) {
        /** Whether {@code now} is in it, on the person's clock. */
        public boolean cover(Instant now) {
            var time = LocalTime.ofInstant(now, zone);
            boolean isAfterBeginning = !time.isBefore(from);
            boolean isBeforeEnd = time.isBefore(to);
            return from.isBefore(to) ? isAfterBeginning && isBeforeEnd : isAfterBeginning || isBeforeEnd;
        }
    }
}
