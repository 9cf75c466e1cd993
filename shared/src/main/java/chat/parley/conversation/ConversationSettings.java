package chat.parley.conversation;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the admins of a group or channel choose.
 *
 * @param name null in direct conversations
 * @param topic what it is about; empty for none
 * @param isPublic anyone may find and join it; channels only
 * @param retention the age at which messages expire; null for none of its own
 */
public record ConversationSettings(
        @Nullable String name,
        String topic,
        boolean isPublic,
        Posting posting,
        NewcomerHistory history,
        @Nullable Duration retention) {
    /** A direct conversation has nothing to choose. */
    static final ConversationSettings DIRECT =
            new ConversationSettings(null, "", false, Posting.EVERYONE, NewcomerHistory.FROM_JOINING, null);

    /** What a group begins with. */
    public static ConversationSettings group(String name) {
        return new ConversationSettings(name, "", false, Posting.EVERYONE, NewcomerHistory.FROM_JOINING, null);
    }

    /** What a channel begins with: who may find a public one may read what was said in it, too. */
    public static ConversationSettings channel(String name, boolean isPublic) {
        var history = isPublic ? NewcomerHistory.ALL : NewcomerHistory.FROM_JOINING;
        return new ConversationSettings(name, "", isPublic, Posting.EVERYONE, history, null);
    }
}
