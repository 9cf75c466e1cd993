package chat.parley.sendapi.search;

import chat.parley.id.ConversationId;
import chat.parley.problem.ProblemException;
import chat.parley.search.Hit;
import chat.parley.search.SearchQuery.Order;
import io.javalin.http.Context;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Where a page of results ended, and in which order. Opaque to clients; a forged one can only choose where a page begins. */
final class SearchCursor {
    private static final int BYTES = 1 + Float.BYTES + 3 * Long.BYTES;

    /** Beyond these PostgreSQL and we would disagree on what time it is. */
    private static final long MILLIS_MAX = Instant.parse("9999-12-31T00:00:00Z").toEpochMilli();

    private SearchCursor() {}

    /** The parameter {@code after}, or null where it is not sent. */
    static @Nullable Hit of(Context http, Order order) {
        String text = http.queryParam("after");
        if (text == null) {
            return null;
        }
        var hit = parse(text, order);
        if (hit == null) {
            throw ProblemException.field("after", "not_a_cursor");
        }
        return hit;
    }

    /** Tells the orders apart: a place in one means nothing in the other. */
    private static byte letter(Order order) {
        return (byte) order.name().charAt(0);
    }

    private static @Nullable Hit parse(String text, Order order) {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text);
            if (bytes.length != BYTES || bytes[0] != letter(order)) {
                return null;
            }
            var parts = ByteBuffer.wrap(bytes, 1, BYTES - 1);
            float rank = parts.getFloat();
            long millis = parts.getLong();
            boolean sound = Float.isFinite(rank) && millis >= 0 && millis <= MILLIS_MAX;
            return sound
                    ? new Hit(new ConversationId(parts.getLong()), parts.getLong(), rank, Instant.ofEpochMilli(millis))
                    : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    static String text(Hit hit, Order order) {
        byte[] bytes = ByteBuffer.allocate(BYTES)
                .put(letter(order))
                .putFloat(hit.rank())
                .putLong(hit.at().toEpochMilli())
                .putLong(hit.conversation().value())
                .putLong(hit.seq())
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
