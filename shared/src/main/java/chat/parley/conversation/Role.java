package chat.parley.conversation;

import java.util.Locale;

/** What a member may do; each may do what those below may. */
public enum Role {
    /** May also change roles and hand over the conversation. Every group has one while it has members. */
    OWNER,
    /** May also rename, add and remove. */
    ADMIN,
    /** May read and send. */
    MEMBER;

    /** As it stands in JSON and in the database. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The role whose {@link #text} this is. */
    public static Role of(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}
