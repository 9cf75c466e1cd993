package chat.parley.presence;

import chat.parley.id.UserId;
import chat.parley.presence.Presence.Status;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What Redis holds of one person, and the one place that says what it means.
 *
 * @param shown what others see
 * @param announced what peers were told last
 * @param nextMillis when leases end that nobody renews; null where there are none
 */
public record PresenceState(
        Presence shown, Status announced, @Nullable Long nextMillis) {
    static final String FOREGROUND = "f";
    static final String IDLE = "i";
    static final String ANNOUNCED = "a";
    static final String SEEN = "s";
    static final String CHOSEN = "c";
    static final String INVISIBLE_SINCE = "v";
    static final String TEXT = "t";

    /** Reads the fields of a person's hash; leases that ended count for nothing. */
    static PresenceState of(UserId user, Map<String, String> fields, long nowMillis) {
        boolean foreground = false;
        boolean idle = false;
        Long next = null;
        for (var field : fields.entrySet()) {
            if (!isLease(field.getKey()) || Long.parseLong(field.getValue()) <= nowMillis) {
                continue;
            }
            long until = Long.parseLong(field.getValue());
            next = next == null ? until : Math.min(next, until);
            foreground |= field.getKey().startsWith(FOREGROUND);
            idle |= field.getKey().startsWith(IDLE);
        }
        var chosen = Chosen.of(fields.get(CHOSEN));
        var status = switch (chosen) {
            case ONLINE -> foreground ? Status.ONLINE : idle ? Status.AWAY : Status.OFFLINE;
            case AWAY -> foreground || idle ? Status.AWAY : Status.OFFLINE;
            case INVISIBLE -> Status.OFFLINE;
        };
        // Someone invisible looks like someone who left when they became so; anything newer would give them away.
        var seen = instant(fields.get(chosen == Chosen.INVISIBLE ? INVISIBLE_SINCE : SEEN));
        var presence = new Presence(user, status, fields.get(TEXT), seen);
        return new PresenceState(presence, status(fields.get(ANNOUNCED)), next);
    }

    /**
     * Whether these fields of a person's hash hold leases of streams, and none of one in the foreground. A lease that goes on for a while after its last stream ended has
     * no more than {@link PresenceLeases#ABSENCE} left, one that is renewed always has.
     */
    static boolean isIdle(Map<String, String> fields, long nowMillis) {
        return holds(IDLE, fields, nowMillis)
                && !holds(FOREGROUND, fields, nowMillis + PresenceLeases.ABSENCE.toMillis());
    }

    private static boolean holds(String letter, Map<String, String> fields, long nowMillis) {
        return fields.entrySet().stream()
                .anyMatch(field -> isLease(field.getKey())
                        && field.getKey().startsWith(letter)
                        && Long.parseLong(field.getValue()) > nowMillis);
    }

    private static boolean isLease(String field) {
        return field.length() > 1; // the others have one letter
    }

    /** Whether peers have yet to be told. */
    public boolean isNews() {
        return shown.status() != announced;
    }

    private static @Nullable Instant instant(@Nullable String millis) {
        return millis == null ? null : Instant.ofEpochMilli(Long.parseLong(millis));
    }

    private static Status status(@Nullable String letter) {
        return letter == null ? Status.OFFLINE : letter.equals("o") ? Status.ONLINE : Status.AWAY;
    }

    /** How a status is kept; offline is what is not kept. */
    static String letter(Status status) {
        return switch (status) {
            case ONLINE -> "o";
            case AWAY -> "a";
            case OFFLINE -> "";
        };
    }
}
