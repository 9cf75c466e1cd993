package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import java.util.Optional;

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
}
