package chat.parley.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One subscriber: an SSE reader that only counts. Lines that are neither {@code event:} nor {@code data:} are passed over, so it also reads a
 * chunked answer. Confined to the thread of its {@link StreamClients}.
 */
final class StreamClient {
    /** What a read of this client brought about. */
    enum Progress {
        NONE,
        /** {@code stream.caught_up}: from here on events are live. */
        LIVE,
        /** The server closed. */
        ENDED,
        /** 503: not now, try again. */
        BUSY
    }

    private static final byte[] ID = "id: ".getBytes(US_ASCII);
    private static final byte[] EVENT = "event: ".getBytes(US_ASCII);
    private static final byte[] DATA = "data: ".getBytes(US_ASCII);
    private static final byte[] MESSAGE_CREATED = "message.created".getBytes(US_ASCII);
    private static final byte[] CAUGHT_UP = "stream.caught_up".getBytes(US_ASCII);
    private static final byte[] TEXT = "\"text\":\"".getBytes(US_ASCII);
    private static final byte[] OK = "HTTP/1.1 200 ".getBytes(US_ASCII);
    private static final byte[] UNAVAILABLE = "HTTP/1.1 503 ".getBytes(US_ASCII);
    private static final byte[] NOTHING = {};

    private final SocketChannel channel;
    private final SelectionKey key;
    private final Opening opening;
    private final byte[] request;
    private byte[] lastId = NOTHING;
    private byte[] rest = NOTHING;
    private boolean answered;
    private boolean inMessage;
    private boolean live;
    private boolean busy;

    /**
     * Whose stream is opened.
     *
     * @param after the id of the event after which it goes on; null: from now on
     */
    record Opening(String token, @Nullable String after) {}

    private StreamClient(SocketChannel channel, SelectionKey key, Opening opening, byte[] request) {
        this.channel = channel;
        this.opening = opening;
        this.key = key;
        this.request = request;
    }

    /** Begins to connect from the source address given; {@link #connected} must follow. */
    static StreamClient open(Selector selector, InetSocketAddress server, InetAddress source, Opening opening)
            throws IOException {
        var channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.bind(new InetSocketAddress(source, 0));
        var request = "GET /v1/stream HTTP/1.1\r\nHost: " + server.getHostString() + ":" + server.getPort()
                + "\r\nAccept: text/event-stream\r\nAuthorization: Bearer " + opening.token
                + (opening.after == null ? "" : "\r\nLast-Event-ID: " + opening.after) + "\r\n\r\n";
        var client = new StreamClient(
                channel, channel.register(selector, SelectionKey.OP_CONNECT), opening, request.getBytes(US_ASCII));
        client.key.attach(client);
        channel.connect(server);
        return client;
    }

    void connected() throws IOException {
        if (!channel.finishConnect()) return;
        // An empty socket buffer takes a request of 1 KB whole.
        if (channel.write(ByteBuffer.wrap(request)) < request.length) throw new IOException("request cut short");
        key.interestOps(SelectionKey.OP_READ);
    }

    /** Reads what is there. {@code shared} is direct and empty, {@code bytes} at least as large; both are free again afterwards. */
    Progress read(ByteBuffer shared, byte[] bytes, @Nullable Tally tally) throws IOException {
        shared.clear().limit(shared.capacity() - rest.length);
        int count = channel.read(shared);
        if (count < 0) return Progress.ENDED;
        long now = System.nanoTime();
        System.arraycopy(rest, 0, bytes, 0, rest.length);
        shared.flip().get(bytes, rest.length, count);
        boolean before = live;
        int end = rest.length + count;
        int from = 0;
        for (int i = rest.length; i < end; i++) {
            if (bytes[i] == '\n') {
                line(bytes, from, i, now, tally);
                from = i + 1;
            }
        }
        if (busy) return Progress.BUSY;
        rest = from == end ? NOTHING : Arrays.copyOfRange(bytes, from, end);
        return live && !before ? Progress.LIVE : Progress.NONE;
    }

    Opening opening() {
        return opening;
    }

    boolean isLive() {
        return live;
    }

    /** The same stream again, from the last event read. */
    Opening again() {
        return new Opening(opening.token, lastId.length == 0 ? opening.after : new String(lastId, US_ASCII));
    }

    void close() throws IOException {
        channel.close();
    }

    private void line(byte[] bytes, int from, int end, long now, @Nullable Tally tally) {
        if (busy) return;
        if (!answered) {
            busy = startsWith(bytes, from, end, UNAVAILABLE);
            if (!busy && !startsWith(bytes, from, end, OK)) {
                throw new BenchException("a stream was refused: " + new String(bytes, from, end - from, ISO_8859_1));
            }
            answered = true;
        } else if (startsWith(bytes, from, end, EVENT)) {
            inMessage = startsWith(bytes, from + EVENT.length, end, MESSAGE_CREATED);
            live |= startsWith(bytes, from + EVENT.length, end, CAUGHT_UP);
        } else if (inMessage && startsWith(bytes, from, end, DATA)) {
            inMessage = false;
            if (tally != null) tally.received(stamp(bytes, from, end), now);
        } else if (startsWith(bytes, from, end, ID)) {
            keepId(bytes, from + ID.length, end);
        }
    }

    /** Ids of a stream are mostly as long as the one before: then nothing is allocated. */
    private void keepId(byte[] bytes, int from, int end) {
        if (lastId.length != end - from) lastId = new byte[end - from];
        System.arraycopy(bytes, from, lastId, 0, lastId.length);
    }

    private static long stamp(byte[] bytes, int from, int end) {
        for (int i = from; i < end; i++) {
            if (bytes[i] == '"' && startsWith(bytes, i, end, TEXT)) return Stamp.read(bytes, i + TEXT.length, end);
        }
        throw new BenchException("a message without a text arrived");
    }

    private static boolean startsWith(byte[] bytes, int from, int end, byte[] beginning) {
        return end - from >= beginning.length
                && Arrays.equals(bytes, from, from + beginning.length, beginning, 0, beginning.length);
    }
}
