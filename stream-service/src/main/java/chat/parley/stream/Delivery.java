package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.event.EncodedEvent;
import chat.parley.event.LiveFrame;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** One event on its way to the streams of its user: its bytes are made once and shared. Confined to the thread that delivers. */
final class Delivery {
    private final @Nullable Cursor cursor;
    private final EncodedEvent event;
    private final Urgency urgency;
    private @Nullable ByteBuffer named;
    private @Nullable ByteBuffer plain;

    private Delivery(@Nullable Cursor cursor, EncodedEvent event, Urgency urgency) {
        this.cursor = cursor;
        this.event = event;
        this.urgency = urgency;
    }

    /**
     * An entry of the user's stream.
     *
     * @param tag of the Redis that published it
     */
    static Delivery of(LiveFrame.Entry entry, String tag) {
        var event = entry.event();
        var urgency = Urgency.of(event.type());
        return new Delivery(
                new Cursor(entry.epoch(), entry.n(), event.timeMillis(), tag),
                event,
                urgency == Urgency.LAZY ? Urgency.SOON : urgency); // it is stored, so it has a place to keep
    }

    /** An entry of a large group's stream: without an id, so that it is the same for everyone. */
    static Delivery ofGroup(LiveFrame.Entry entry) {
        var event = entry.event();
        var urgency = Urgency.of(event.type());
        return new Delivery(null, event, urgency == Urgency.LAZY ? Urgency.SOON : urgency);
    }

    /** What no stream keeps. */
    static Delivery of(LiveFrame.Ephemeral ephemeral) {
        return new Delivery(null, ephemeral.event(), Urgency.LAZY);
    }

    /** Where it stands in the user's stream; null for what is not stored. */
    @Nullable
    Cursor cursor() {
        return cursor;
    }

    EncodedEvent event() {
        return event;
    }

    Urgency urgency() {
        return urgency;
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
