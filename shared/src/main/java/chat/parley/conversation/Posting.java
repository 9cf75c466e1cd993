package chat.parley.conversation;

import java.util.Locale;

/** Who may post in a group or channel. */
public enum Posting {
    /** Every member. */
    EVERYONE(Permission.SEND),
    /** Admins and owners; the others read. */
    ADMINS(Permission.SEND_AMONG_READERS);

    private final Permission permission;

    Posting(Permission permission) {
        this.permission = permission;
    }

    /** What a sender needs. */
    Permission permission() {
        return permission;
    }

    /** As it stands in JSON and in the database. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Posting of(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}
