package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.event.EventLog;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The users' streams, as far back as they reach. Methods throw {@link StoreUnavailable}. */
interface Window {
    /**
     * What came after {@code cursor}; empty when that cannot be told without a gap. Everything published before the call is in the answer or after it.
     *
     * @param limit most entries answered
     */
    Optional<Page> after(UserId user, Cursor cursor, int limit);

    /** Where the stream ends now. */
    Cursor head(UserId user);

    /** As {@link #head} of each; null for who is to be asked for alone. */
    List<@Nullable Cursor> heads(List<UserId> users);

    /**
     * As {@link #after} of each, where there is nothing special about it: a page that is short, whole and all there is. Null for who is to be asked for alone.
     *
     * @param limit most entries of one
     */
    List<@Nullable Page> shortPages(List<EventLog.Place> places, int limit);
}
