package chat.parley.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A plain client on a socket that reads an answer's head and then frames, as WHATWG HTML 9.2.6 says. */
final class SseClient implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 10;
    private static final Frame END = new Frame(null, "end of stream", "", "");

    private final Socket socket;
    private final LinkedBlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    private final List<Frame> read = new ArrayList<>();
    private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private final int status;
    private volatile @Nullable String lastEventId;
    private volatile @Nullable String retry;

    /** One event; {@code lastEventId} as it was when the event was dispatched. */
    record Frame(
            @Nullable String id,
            String event,
            String data,
            @Nullable String lastEventId) {
        /** The seq in a message's data. */
        long seq() {
            int at = data.indexOf("\"seq\":");
            return Long.parseLong(data.substring(at + 6, data.indexOf(',', at)));
        }
    }

    private SseClient(Socket socket, String method, String request) throws IOException {
        this.socket = socket;
        socket.getOutputStream().write(request.getBytes(UTF_8));
        var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
        status = Integer.parseInt(in.readLine().split(" ", -1)[1]);
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
            int colon = line.indexOf(':');
            headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
        }
        String length = headers.get("Content-Length");
        if (length != null && !"text/event-stream;charset=utf-8".equals(headers.get("Content-Type"))) {
            char[] body = new char[Integer.parseInt(length)];
            int got = 0;
            while (got < body.length && !"HEAD".equals(method)) {
                got += in.read(body, got, body.length - got);
            }
            frames.add(new Frame(null, "body", new String(body), null));
            return;
        }
        Thread.ofVirtual().start(() -> readFrames(in));
    }

    static SseClient open(int port, String target, String... headers) throws IOException {
        return request(port, "GET", target, headers);
    }

    static SseClient request(int port, String method, String target, String... headers) throws IOException {
        var socket = new Socket();
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5_000);
        socket.setSoTimeout(60_000);
        var request = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return new SseClient(socket, method, request + "\r\n");
    }

    static SseClient bearer(int port, String target, StreamWorld.Person person, String... more) throws IOException {
        var headers = new ArrayList<>(List.of(more));
        headers.add("Authorization: Bearer " + person.token());
        return open(port, target, headers.toArray(String[]::new));
    }

    /** Resumes from {@code id}; null: a new stream. */
    static SseClient resume(int port, StreamWorld.Person person, @Nullable String id) throws IOException {
        return id == null
                ? bearer(port, "/v1/stream", person)
                : bearer(port, "/v1/stream", person, "Last-Event-ID: " + id);
    }

    int status() {
        return status;
    }

    @Nullable
    String header(String name) {
        return headers.get(name);
    }

    @Nullable
    String lastEventId() {
        return lastEventId;
    }

    @Nullable
    String retry() {
        return retry;
    }

    /** The next event, whatever it is; one named "end of stream" at the end. */
    Frame next() throws InterruptedException {
        return nextWithin(Duration.ofSeconds(PATIENCE_SECONDS));
    }

    Frame nextWithin(Duration patience) throws InterruptedException {
        var frame = frames.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
        if (frame == null) {
            throw new AssertionError("nothing came; so far " + read);
        }
        read.add(frame);
        return frame;
    }

    Frame next(String event) throws InterruptedException {
        var frame = next();
        if (!frame.event.equals(event)) {
            throw new AssertionError("expected " + event + ", got " + frame + "; so far " + read);
        }
        return frame;
    }

    /** Every event up to and with the first that fits. */
    List<Frame> until(Predicate<Frame> fits) throws InterruptedException {
        var passed = new ArrayList<Frame>();
        while (true) {
            var frame = next();
            passed.add(frame);
            if (fits.test(frame)) {
                return passed;
            }
            if (frame.equals(END)) {
                throw new AssertionError("the stream ended: " + passed);
            }
        }
    }

    List<Frame> until(String event) throws InterruptedException {
        return until(frame -> frame.event.equals(event));
    }

    void awaitEnd() throws InterruptedException {
        while (!next().equals(END)) {
            // What still comes is of no interest.
        }
    }

    /** Events that came and were not asked for yet. */
    int waiting() {
        return frames.size();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private void readFrames(BufferedReader in) {
        String id = null;
        String event = "message";
        var data = new StringBuilder();
        try {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.isEmpty()) {
                    if (id != null) {
                        lastEventId = id;
                    }
                    if (!data.isEmpty()) {
                        frames.add(new Frame(id, event, data.toString(), lastEventId));
                    }
                    id = null;
                    event = "message";
                    data.setLength(0);
                } else if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    event = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    data.append(line.substring(6));
                } else if (line.startsWith("retry: ")) {
                    retry = line.substring(7);
                } else if (status == 200 && !line.startsWith(":")) {
                    frames.add(new Frame(null, "body", line, null));
                } else if (status != 200) {
                    frames.add(new Frame(null, "body", line, null));
                }
            }
        } catch (IOException e) {
            frames.add(new Frame(null, "broken", e.toString(), null));
        }
        frames.add(END);
    }
}
