package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.event.EncodedEvent;
import chat.parley.event.LiveFrame;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One event on its way to many streams: its bytes are made once and shared. Safe for use by many threads, as those who come back together are told the same ones;
 * without a lock, since each live event passes here: two threads may make the same bytes, and one of them is kept.
 */
final class Delivery {
    private final @Nullable Cursor cursor;
    private final EncodedEvent event;
    private final Urgency urgency;
    private volatile @Nullable ByteBuffer named;
    private volatile @Nullable ByteBuffer plain;

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

    /** An event of a large group: without an id, so that it is the same for everyone. */
    static Delivery ofGroup(EncodedEvent event) {
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
        var frame = options.named() ? named : plain;
        if (frame == null) {
            frame = SseWriter.event(cursor, options.nameOf(event.type()), event.json());
            if (options.named()) {
                named = frame;
            } else {
                plain = frame;
            }
        }
        return frame.duplicate();
    }
}
