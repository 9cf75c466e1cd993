package chat.parley.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One sender: a keep-alive HTTP/1.1 connection that posts one message at a time, into each of its conversations in turn. The requests are
 * rendered once; key and stamp are patched in. Confined to one thread.
 */
final class Sender implements AutoCloseable {
    /** Where a request goes. */
    record Route(Person person, String conversationId) {}

    private static final int KEY_DIGITS = 12;
    private static final int ANSWER_BYTES_MAX = 64 * 1024;
    private static final int STATUS_AT = "HTTP/1.1 ".length();
    private static final byte[] HEAD_END = "\r\n\r\n".getBytes(US_ASCII);
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *(\\d+)");

    private final SocketChannel channel;
    private final List<Request> requests;
    private final ByteBuffer answer = ByteBuffer.allocate(ANSWER_BYTES_MAX);
    private int next;
    private long sentAt;

    /** @param keyAt where the number of the message goes */
    @SuppressWarnings("ArrayRecordComponent") // the one array is patched for each message
    private record Request(byte[] bytes, int keyAt) {
        int stampAt() {
            return bytes.length - "\"}".length() - Stamp.PADDING.length() - Stamp.DIGITS;
        }
    }

    private Sender(SocketChannel channel, List<Request> requests) {
        this.channel = channel;
        this.requests = requests;
    }

    /** Connects; {@code run} makes the keys of this run differ from those of any other. */
    static Sender connect(Selector selector, InetSocketAddress server, List<Route> routes, String run)
            throws IOException {
        var channel = SocketChannel.open(server);
        channel.configureBlocking(false);
        var sender = new Sender(
                channel,
                routes.stream().map(route -> request(server, route, run)).toList());
        channel.register(selector, SelectionKey.OP_READ, sender);
        return sender;
    }

    private static Request request(InetSocketAddress server, Route route, String run) {
        var beforeKey = "{\"client_message_id\":\"" + run + "-";
        var body = beforeKey + "0".repeat(KEY_DIGITS) + "\",\"type\":\"text\",\"text\":\"" + Stamp.text(0) + "\"}";
        var head = "POST /v1/conversations/" + route.conversationId() + "/messages HTTP/1.1\r\nHost: "
                + server.getHostString() + ":" + server.getPort() + "\r\nAuthorization: Bearer "
                + route.person().token() + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length()
                + "\r\n\r\n";
        return new Request((head + body).getBytes(US_ASCII), head.length() + beforeKey.length());
    }

    /** @param stampNanos the moment the message was due, which may lie before now */
    void send(long key, long stampNanos) throws IOException {
        sentAt = stampNanos;
        var request = requests.get(next++ % requests.size());
        Stamp.write(request.bytes, request.keyAt, KEY_DIGITS, key);
        Stamp.write(request.bytes, request.stampAt(), Stamp.DIGITS, stampNanos);
        answer.clear();
        // The last answer was read, so the socket buffer is empty and takes it whole.
        if (channel.write(ByteBuffer.wrap(request.bytes)) < request.bytes.length)
            throw new IOException("request cut short");
    }

    /** Reads what is there; the status when the answer is whole, else 0. */
    int read() throws IOException {
        if (channel.read(answer) < 0) throw new IOException("the server closed a sender's connection");
        var bytes = answer.array();
        int end = answer.position();
        int head = headEnd(bytes, end);
        if (head < 0) return 0;
        var text = new String(bytes, 0, head, ISO_8859_1);
        var length = LENGTH.matcher(text);
        if (!length.find()) throw new IOException("an answer without a length: " + text);
        if (end < head + HEAD_END.length + Integer.parseInt(length.group(1))) return 0;
        return Integer.parseInt(text.substring(STATUS_AT, STATUS_AT + 3));
    }

    /** The body of the last answer. */
    String body() {
        var bytes = answer.array();
        int from = headEnd(bytes, answer.position()) + HEAD_END.length;
        return new String(bytes, from, answer.position() - from, ISO_8859_1);
    }

    long sentAt() {
        return sentAt;
    }

    private static int headEnd(byte[] bytes, int end) {
        for (int i = 0; i <= end - HEAD_END.length; i++) {
            if (bytes[i] == '\r' && Arrays.equals(bytes, i, i + HEAD_END.length, HEAD_END, 0, HEAD_END.length)) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
