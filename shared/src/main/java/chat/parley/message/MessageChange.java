package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change of a message that is there.
 *
 * @param membersVersion the version of the roster the actor was checked against
 */
public record MessageChange(
        ConversationId conversation, long membersVersion, long seq, UserId actor, MessageChange.Action action) {

    /** What is to be done. */
    public sealed interface Action {}

    /** Says something else; null leaves a part as it is, the empty text and the metadata <code>{}</code> take it away. */
    public record Edit(
            @Nullable String text,
            @Nullable List<UserId> mentions,
            @Nullable String metadata) implements Action {}

    /** Takes away all it said and says, also in its versions; the seq stays. */
    public record Delete() implements Action {}

    /** Adds the actor's reaction. */
    public record React(String emoji) implements Action {}

    /** Takes the actor's reaction back. */
    public record Unreact(String emoji) implements Action {}
}
