package chat.parley.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;

/** A message as Parley's stream carries it, byte for byte, so that the floor writes the same. Confined to one thread. */
final class WireEvent {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String TEXT = "\"text\":\"";

    private final byte[] bytes;
    private final int stampAt;

    private WireEvent(byte[] bytes, int stampAt) {
        this.bytes = bytes;
        this.stampAt = stampAt;
    }

    /** What is done while somebody listens. */
    interface Sending {
        void send() throws IOException, InterruptedException;
    }

    /** Listens as {@code reader} while {@code sending} sends one message to them. */
    static WireEvent record(InetSocketAddress server, Person reader, Sending sending)
            throws IOException, InterruptedException {
        try (var socket = new Socket(server.getAddress(), server.getPort())) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.getOutputStream()
                    .write(("GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                                    + "Authorization: Bearer " + reader.token() + "\r\n\r\n")
                            .getBytes(ISO_8859_1));
            var read = new StringBuilder();
            int live = await(socket, read, "event: stream.caught_up", 0);
            sending.send();
            int name = await(socket, read, "event: message.created", live);
            int from = read.lastIndexOf("\n\n", name) + 2;
            int end = await(socket, read, "\n\n", name) + 2;
            var event = read.substring(from, end);
            return new WireEvent(event.getBytes(ISO_8859_1), event.indexOf(TEXT) + TEXT.length());
        }
    }

    /** The same event with another stamp; the array is the next call's, too. */
    byte[] stamped(long nanos) {
        Stamp.write(bytes, stampAt, Stamp.DIGITS, nanos);
        return bytes;
    }

    int length() {
        return bytes.length;
    }

    private static int await(Socket socket, StringBuilder read, String text, int from) throws IOException {
        var buffer = new byte[4096];
        int at;
        while ((at = read.indexOf(text, from)) < 0) {
            int count = socket.getInputStream().read(buffer);
            if (count < 0) throw new BenchException("the stream ended before " + text.strip());
            read.append(new String(buffer, 0, count, ISO_8859_1));
        }
        return at;
    }
}
