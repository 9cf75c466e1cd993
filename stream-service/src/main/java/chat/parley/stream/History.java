package chat.parley.stream;

import chat.parley.conversation.Head;
import chat.parley.event.EncodedEvent;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import java.time.Instant;
import java.util.List;

/** What the durable stores know of a user's conversations. Methods throw {@link StoreUnavailable}. */
interface History {
    /** Everything the user may see that was committed at {@code since} or later, in its present state. */
    Changes since(UserId user, Instant since);

    /** How far the user's conversations reach, last active first. */
    List<Head> heads(UserId user, int limit);

    /** Changes in the order of time, and of seq within a conversation. Read in parts, so that ten thousand are never in memory at once. */
    interface Changes extends AutoCloseable {
        /** How many there are, or more than {@link Past#CHANGES_MAX}. */
        long count();

        /** The next ones, at most {@code limit}; empty at the end. */
        List<EncodedEvent> next(int limit);

        /** Lets go what was read ahead; repeating it changes nothing. */
        @Override
        default void close() {}
    }
}
