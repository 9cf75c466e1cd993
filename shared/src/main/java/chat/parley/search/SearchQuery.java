package chat.parley.search;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A question to the index.
 *
 * @param reader who asks; finds what this person may read now
 * @param conversation null for all
 * @param sender null for all
 * @param from sent at this time or later; null for any
 * @param to sent before this time; null for any
 */
public record SearchQuery(
        UserId reader,
        SearchWords words,
        @Nullable ConversationId conversation,
        @Nullable UserId sender,
        @Nullable Instant from,
        @Nullable Instant to,
        Order order) {
    /** What comes first. */
    public enum Order {
        /** What says the words most, in the fewest other words; the newer of equals. */
        RANK,
        /** The newest. */
        TIME
    }
}
