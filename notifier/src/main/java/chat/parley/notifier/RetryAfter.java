package chat.parley.notifier;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Reads the header {@code Retry-After} (RFC 9110, 10.2.3). */
final class RetryAfter {
    /** Longest wait believed: a vendor's mistyped date must not switch it off for good. */
    static final Duration MAX = Duration.ofHours(1);

    private RetryAfter() {}

    /** How long to wait, from none to {@link #MAX}; null where there is no such header, or one that says nothing. */
    static @Nullable Duration of(@Nullable String header, Instant now) {
        if (header == null) {
            return null;
        }
        String text = header.strip();
        try {
            var wait = isDigits(text) ? Duration.ofSeconds(Long.parseLong(text)) : until(text, now);
            return wait.isNegative() ? Duration.ZERO : wait.compareTo(MAX) > 0 ? MAX : wait;
        } catch (DateTimeException | ArithmeticException | NumberFormatException e) {
            return null;
        }
    }

    private static Duration until(String date, Instant now) {
        return Duration.between(
                now,
                ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    }

    private static boolean isDigits(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
