package chat.parley.stream;

import chat.parley.conversation.Head;
import chat.parley.event.Cursor;
import chat.parley.event.EncodedEvent;
import java.util.List;

/** How a stream goes on from a cursor. To be closed when it was told, or was not. */
sealed interface Resumption extends AutoCloseable {
    @Override
    default void close() {}

    /** The user's stream still tells everything. */
    record Exact(Page page) implements Resumption {}

    /** History tells it. {@code head} was read before history was: what comes after it may repeat, nothing is between. */
    record Rebuilt(Cursor head, History.Changes changes, Rebuilds.Place place) implements Resumption {
        /** The next events, at most {@link CatchUp#PAGE}; empty at the end. */
        List<EncodedEvent> next() {
            place.page();
            return changes.next(CatchUp.PAGE);
        }

        @Override
        public void close() {
            changes.close();
            place.close();
        }
    }

    /** Nobody tells it: the client reloads, and goes on from {@code head}. */
    record Reset(Cursor head, List<Head> heads) implements Resumption {}
}
