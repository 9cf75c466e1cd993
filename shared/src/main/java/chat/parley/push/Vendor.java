package chat.parley.push;

import java.util.Locale;

/** Who carries a push to a device. */
public enum Vendor {
    /** Firebase Cloud Messaging. */
    FCM,
    /** Apple Push Notification service. */
    APNS,
    /** The push service of a browser (RFC 8030). */
    WEB_PUSH;

    /** As it stands in JSON, in settings, in metrics and in the database. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException if there is none of this name */
    public static Vendor of(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}
