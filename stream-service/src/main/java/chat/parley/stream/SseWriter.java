package chat.parley.stream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.Cursor;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The only code that knows the bytes of Server-Sent Events (WHATWG HTML 9.2.5 and 9.2.6). Frames are heap buffers: the JDK copies each write into a
 * direct buffer it keeps a thread, which is cheaper than allocating one for every event.
 */
final class SseWriter {
    /** The media type, as answered. */
    static final String CONTENT_TYPE = "text/event-stream;charset=utf-8";

    private static final byte[] ID = "id: ".getBytes(ISO_8859_1);
    private static final byte[] EVENT = "event: ".getBytes(ISO_8859_1);
    private static final byte[] DATA = "data: ".getBytes(ISO_8859_1);
    private static final byte[] COMMENT = ":\n\n".getBytes(ISO_8859_1);
    private static final int LINE_END = '\n';

    private SseWriter() {}

    /**
     * One event.
     *
     * @param id null: the client's last event id stays as it is
     * @param name null: a plain {@code message} event
     * @param json one line
     * @throws IllegalArgumentException if a raw line end would forge a frame: JSON escapes them, so this is checked and not repaired
     */
    static ByteBuffer event(@Nullable Cursor id, @Nullable String name, byte[] json) {
        byte[] idText = id == null ? null : ascii(id.toString());
        byte[] nameText = name == null ? null : ascii(name);
        refuseLineEnds(json);
        int size = (idText == null ? 0 : ID.length + idText.length + 1)
                + (nameText == null ? 0 : EVENT.length + nameText.length + 1)
                + DATA.length
                + json.length
                + 2;
        var frame = ByteBuffer.allocate(size);
        if (idText != null) {
            frame.put(ID).put(idText).put((byte) LINE_END);
        }
        if (nameText != null) {
            frame.put(EVENT).put(nameText).put((byte) LINE_END);
        }
        frame.put(DATA).put(json).put((byte) LINE_END).put((byte) LINE_END);
        return frame.flip();
    }

    /** Moves the client's last event id without an event: a block without data is not dispatched, but its id counts. */
    static ByteBuffer id(Cursor id) {
        byte[] text = ascii(id.toString());
        return ByteBuffer.allocate(ID.length + text.length + 2)
                .put(ID)
                .put(text)
                .put((byte) LINE_END)
                .put((byte) LINE_END)
                .flip();
    }

    /** A comment, which keeps the connection from being idle and is seen by no page. */
    static ByteBuffer heartbeat() {
        return ByteBuffer.wrap(COMMENT);
    }

    /** How long the client shall wait before it connects again. */
    static ByteBuffer retry(Duration wait) {
        return ByteBuffer.wrap(("retry: " + wait.toMillis() + "\n\n").getBytes(ISO_8859_1));
    }

    private static byte[] ascii(String text) {
        byte[] bytes = text.getBytes(ISO_8859_1);
        refuseLineEnds(bytes);
        return bytes;
    }

    private static void refuseLineEnds(byte[] bytes) {
        for (byte each : bytes) {
            if (each == '\n' || each == '\r') {
                throw new IllegalArgumentException("a raw line end would forge a frame");
            }
        }
    }
}
