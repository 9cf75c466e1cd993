package chat.parley.conversation;

import java.util.Locale;

/** What those see who join later. A change of it concerns those who join afterwards. */
public enum NewcomerHistory {
    /** Everything that was ever said. */
    ALL,
    /** What is said from their joining on. */
    FROM_JOINING;

    /** The first message that someone sees who joins after {@code lastSeq}. */
    long joinedSeq(long lastSeq) {
        return this == ALL ? 1 : lastSeq + 1;
    }

    /** As it stands in JSON and in the database. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static NewcomerHistory of(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}
