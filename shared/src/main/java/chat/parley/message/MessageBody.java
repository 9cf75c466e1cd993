package chat.parley.message;

import chat.parley.id.UserId;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a message says.
 *
 * @param text 1 to 10,000 code points; null where media or a notice stand for themselves, and for what was deleted
 * @param media a JSON array of media objects, as readers get it; null without media
 * @param replyTo the seq of the message it answers, in the same conversation; null when it answers none
 * @param mentions each once, in the order of the sender; {@link #EVERYONE} may be among them
 * @param metadata a JSON object of the client's own, at most 4 KB; null where there is none
 * @param system a JSON object that tells of a change, for {@link Type#SYSTEM} only
 */
public record MessageBody(
        Type type,
        @Nullable String text,
        @Nullable String media,
        @Nullable Long replyTo,
        List<UserId> mentions,
        @Nullable String metadata,
        @Nullable String system) {

    /** Stands among mentions for all members; its written form is {@code all}. */
    public static final UserId EVERYONE = new UserId(0);

    /** What kind of message it is. */
    public enum Type {
        /** Words. */
        TEXT,
        /** Pictures, perhaps with words. */
        IMAGE,
        /** Files of any type, perhaps with words. */
        FILE,
        /** A notice of ours about a change of the conversation or its members. */
        SYSTEM;

        /** As it stands in JSON and in the database. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Type of(String text) {
            return valueOf(text.toUpperCase(Locale.ROOT));
        }
    }

    /** A plain text. */
    public static MessageBody text(String text) {
        return new MessageBody(Type.TEXT, text, null, null, List.of(), null, null);
    }

    /** A notice of ours. */
    public static MessageBody system(String json) {
        return new MessageBody(Type.SYSTEM, null, null, null, List.of(), null, json);
    }

    /** What is left of it when it is deleted: its kind and its place in a thread. */
    MessageBody deleted() {
        return new MessageBody(type, null, null, replyTo, List.of(), null, null);
    }
}
