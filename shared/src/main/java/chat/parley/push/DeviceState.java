package chat.parley.push;

import java.util.Locale;

/** What a device says of itself. */
public enum DeviceState {
    /** Its person looks at it: it has a stream, or will have one in a moment. */
    FOREGROUND,
    /** Its person does not: it is woken by push. */
    BACKGROUND;

    /** As it stands in JSON and in the database. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException if there is none of this name */
    public static DeviceState of(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}
