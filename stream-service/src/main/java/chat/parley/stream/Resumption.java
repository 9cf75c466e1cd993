package chat.parley.stream;

import chat.parley.conversation.Head;
import chat.parley.event.Cursor;
import java.util.List;

/** How a stream goes on from a cursor. */
sealed interface Resumption {
    /** The user's stream still tells everything. */
    record Exact(Page page) implements Resumption {}

    /** History tells it. {@code head} was read before history was: what comes after it may repeat, nothing is between. */
    record Rebuilt(Cursor head, History.Changes changes) implements Resumption {}

    /** Nobody tells it: the client reloads, and goes on from {@code head}. */
    record Reset(Cursor head, List<Head> heads) implements Resumption {}
}
