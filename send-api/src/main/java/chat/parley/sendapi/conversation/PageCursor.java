package chat.parley.sendapi.conversation;

import chat.parley.conversation.Conversations.ListPosition;
import chat.parley.conversation.Conversations.MemberPosition;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.problem.ProblemException;
import io.javalin.http.Context;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Where a page ended: a time and an id, which together name one row. Opaque to clients; a forged one can only choose where a page begins.
 */
public record PageCursor(Instant time, long id) {
    private static final int BYTES = 2 * Long.BYTES;

    /** Beyond these PostgreSQL and we would disagree on what time it is. */
    private static final long MILLIS_MAX = Instant.parse("9999-12-31T00:00:00Z").toEpochMilli();

    static PageCursor after(ListPosition position) {
        return new PageCursor(position.lastAt(), position.conversation().value());
    }

    /** After this member. */
    public static PageCursor after(MemberPosition position) {
        return new PageCursor(position.joinedAt(), position.user().value());
    }

    /** The parameter {@code after}, or null where it is not sent. */
    public static @Nullable PageCursor of(Context http) {
        String text = http.queryParam("after");
        if (text == null) {
            return null;
        }
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text);
            if (bytes.length == BYTES) {
                var numbers = ByteBuffer.wrap(bytes);
                long millis = numbers.getLong();
                if (millis >= 0 && millis <= MILLIS_MAX) {
                    return new PageCursor(Instant.ofEpochMilli(millis), numbers.getLong());
                }
            }
        } catch (IllegalArgumentException e) {
            throw ProblemException.field("after", "not_a_cursor");
        }
        throw ProblemException.field("after", "not_a_cursor");
    }

    ListPosition inList() {
        return new ListPosition(time, new ConversationId(id));
    }

    /** A place in the list of members. */
    public MemberPosition inMembers() {
        return new MemberPosition(time, new UserId(id));
    }

    @Override
    public String toString() {
        byte[] bytes = ByteBuffer.allocate(BYTES)
                .putLong(time.toEpochMilli())
                .putLong(id)
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
