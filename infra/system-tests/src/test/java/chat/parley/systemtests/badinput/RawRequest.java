package chat.parley.systemtests.badinput;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A connection for requests that no HTTP library would make. */
final class RawRequest implements AutoCloseable {
    private static final Duration ANSWER_MAX = Duration.ofSeconds(15);

    private final Socket socket;
    private final OutputStream out;
    private final InputStream in;

    RawRequest(URI server) throws IOException {
        socket = new Socket(server.getHost(), server.getPort());
        socket.setSoTimeout((int) ANSWER_MAX.toMillis());
        out = socket.getOutputStream();
        in = socket.getInputStream();
    }

    /** Writes; false where the server has closed. */
    boolean write(String text) throws IOException {
        try {
            out.write(text.getBytes(ISO_8859_1));
            return true;
        } catch (SocketException closed) {
            return false;
        }
    }

    /** Whether something came back already. */
    boolean isAnswered() throws IOException {
        return in.available() > 0;
    }

    /** The status of the answer; null where the server closed without one. */
    @Nullable
    Integer status() throws IOException {
        var line = new StringBuilder();
        try {
            for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) line.append((char) c);
        } catch (SocketException reset) {
            return null;
        }
        return line.isEmpty() ? null : Integer.parseInt(line.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
    }

    /** Returns when the server has closed; fails where it does not. */
    void awaitClosed() throws IOException {
        try {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (SocketException reset) {
            // Closed with our bytes unread: closed all the same.
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
