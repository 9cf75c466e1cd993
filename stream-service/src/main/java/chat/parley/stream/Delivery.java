package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.event.EncodedEvent;
import chat.parley.event.LiveFrame;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** One entry on its way to the streams of its user: its bytes are made once and shared. Confined to the thread that delivers. */
final class Delivery {
    private final Cursor cursor;
    private final EncodedEvent event;
    private @Nullable ByteBuffer named;
    private @Nullable ByteBuffer plain;

    /** @param tag of the Redis that published it */
    Delivery(LiveFrame.Entry entry, String tag) {
        this.cursor = new Cursor(entry.epochMillis(), entry.n(), entry.event().timeMillis(), tag);
        this.event = entry.event();
    }

    Cursor cursor() {
        return cursor;
    }

    EncodedEvent event() {
        return event;
    }

    /** A view of the shared bytes. */
    ByteBuffer frame(StreamOptions options) {
        if (options.named()) {
            if (named == null) {
                named = SseWriter.event(cursor, event.type(), event.json());
            }
            return named.duplicate();
        }
        if (plain == null) {
            plain = SseWriter.event(cursor, null, event.json());
        }
        return plain.duplicate();
    }
}
