package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.json.Json;
import chat.parley.push.PushTarget;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The push service of a browser (RFC 8030) and the browsers behind it: gives out subscriptions, looks at every push as the real ones do (headers, size, the sender's
 * signature), decrypts it and keeps it for the test. Obeys a script of {@link Misbehaviour}. For many threads.
 */
public final class LocalPushService implements AutoCloseable {
    private static final int BODY_BYTES_MAX = 4_096;
    private static final Duration WAIT_MAX = Duration.ofSeconds(20);
    private static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9_-]{1,32}");
    private static final Set<String> URGENCIES = Set.of("very-low", "low", "normal", "high");

    private final ServerSocket listener;
    private final String origin;
    private final InstantSource clock;
    private final Map<String, Browser> browsers = new ConcurrentHashMap<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Deque<Misbehaviour> script = new ArrayDeque<>();
    private final List<Received> received = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger requests = new AtomicInteger();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable Misbehaviour always;

    private LocalPushService(ServerSocket listener, String origin, InstantSource clock) {
        this.listener = listener;
        this.origin = origin;
        this.clock = clock;
        Thread.ofVirtual().name("push-service").start(this::accept);
    }

    /** Listens on a free port of this machine, without TLS. */
    public static LocalPushService start() {
        return start(InstantSource.system());
    }

    /** @param clock by which the sender's tokens are judged */
    public static LocalPushService start(InstantSource clock) {
        try {
            var listener = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
            return new LocalPushService(listener, "http://127.0.0.1:" + listener.getLocalPort(), clock);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** With TLS, as {@code https://host}, which must lead here. */
    static LocalPushService startTls(SSLContext identity, String host) throws IOException {
        var listener = identity.getServerSocketFactory().createServerSocket(0, 100, InetAddress.getLoopbackAddress());
        return new LocalPushService(
                listener, "https://" + host + ":" + listener.getLocalPort(), InstantSource.system());
    }

    private record Browser(PushDecryption keys, @Nullable String senderKey, AtomicInteger goneStatus) {}

    /**
     * A push that was taken.
     *
     * @param nanos of {@link System#nanoTime}, when it was decrypted
     * @param headers names in lower case
     * @param text decrypted
     */
    public record Received(
            long nanos,
            URI endpoint,
            Map<String, String> headers,
            int bodyBytes,
            String text,
            String senderKey,
            @Nullable String contact) {
        /** The text, read. */
        public JsonNode json() {
            try {
                return Json.MAPPER.readTree(text);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** What it does instead of taking a push. */
    public sealed interface Misbehaviour {
        /** Answers so. */
        record Answer(int status, Map<String, String> headers, String body) implements Misbehaviour {}

        /** Takes the push, and answers so much later. */
        record Late(Duration delay) implements Misbehaviour {}

        /** Takes the push, and answers a byte each so often. */
        record Drip(Duration between) implements Misbehaviour {}

        /** Resets the connection once the request is here. */
        record Reset() implements Misbehaviour {}

        /** Takes the push, and answers 201 with a body of so many bytes. */
        record Flood(long bytes) implements Misbehaviour {}
    }

    /** A subscription that takes pushes of any sender. */
    public PushTarget.WebPush subscribe() {
        return subscribe(null);
    }

    /** A subscription for the sender with this public key; null: any. */
    public PushTarget.WebPush subscribe(@Nullable String senderKey) {
        var keys = PushDecryption.fresh();
        String path = "/push/" + keys.auth();
        browsers.put(path, new Browser(keys, senderKey, new AtomicInteger()));
        return new PushTarget.WebPush(URI.create(origin + path), keys.p256dh(), keys.auth());
    }

    /** From now on {@code subscription} is answered by 404 or 410. */
    public void expire(PushTarget.WebPush subscription, int status) {
        browser(subscription.endpoint().getPath()).goneStatus.set(status);
    }

    /** The next requests are answered so, one each; those after them as ever. */
    public void next(Misbehaviour... misbehaviours) {
        synchronized (script) {
            script.addAll(List.of(misbehaviours));
        }
    }

    /** All requests are answered so; null ends it. */
    public void always(@Nullable Misbehaviour misbehaviour) {
        always = misbehaviour;
    }

    /** What was taken so far, oldest first. */
    public List<Received> received() {
        synchronized (received) {
            return List.copyOf(received);
        }
    }

    /** Waits for a push like this, also one that is already here. */
    public Received await(Predicate<Received> wanted) throws InterruptedException {
        return awaitUntil(all -> all.stream().anyMatch(wanted)).stream()
                .filter(wanted)
                .findFirst()
                .orElseThrow();
    }

    /** Waits until what was taken is like this; fails after 20 s, or when a request was not as it should be. */
    public List<Received> awaitUntil(Predicate<List<Received>> wanted) throws InterruptedException {
        long end = System.nanoTime() + WAIT_MAX.toNanos();
        synchronized (received) {
            while (!wanted.test(List.copyOf(received))) {
                long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (!faults.isEmpty() || millis <= 0) {
                    throw new AssertionError("faults " + faults + ", received " + received);
                }
                received.wait(millis);
            }
            return List.copyOf(received);
        }
    }

    /** What was wrong with requests: a real service would have answered by 4xx, or the browser would have shown nothing. */
    public List<String> faults() {
        synchronized (received) {
            return List.copyOf(faults);
        }
    }

    /** Connections made so far. */
    public int connections() {
        return connections.get();
    }

    /** Requests that came so far, also those that were not taken. */
    public int requests() {
        return requests.get();
    }

    /** Where it is, without a path. */
    public String origin() {
        return origin;
    }

    /** Ends connections that are idle, as services do now and then. */
    public void cutConnections() {
        open.forEach(LocalPushService::closeQuietly);
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cutConnections();
    }

    private void accept() {
        while (closed.getCount() > 0) {
            try {
                var socket = listener.accept();
                connections.incrementAndGet();
                open.add(socket);
                Thread.ofVirtual().name("push-service-connection").start(() -> serve(socket));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private record Request(String path, Map<String, String> headers, byte[] body) {}

    private void serve(Socket socket) {
        try (socket) {
            var in = new BufferedInputStream(socket.getInputStream());
            boolean goesOn = true;
            while (goesOn) {
                var request = read(in);
                goesOn = request != null && answer(request, socket);
            }
        } catch (IOException e) {
            // The client's: it sees its half of the same.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(socket);
        }
    }

    /** False when the connection is at its end. */
    private boolean answer(Request request, Socket socket) throws IOException, InterruptedException {
        requests.incrementAndGet();
        Misbehaviour misbehaviour;
        synchronized (script) {
            misbehaviour = script.isEmpty() ? always : script.poll();
        }
        switch (misbehaviour) {
            case null -> write(socket, taken(request));
            case Misbehaviour.Answer answer -> write(socket, answer);
            case Misbehaviour.Late late -> {
                var answer = taken(request);
                if (closed.await(late.delay.toMillis(), TimeUnit.MILLISECONDS)) {
                    return false;
                }
                write(socket, answer);
            }
            case Misbehaviour.Drip drip -> {
                for (byte letter : text(taken(request)).getBytes(UTF_8)) {
                    socket.getOutputStream().write(letter);
                    if (closed.await(drip.between.toMillis(), TimeUnit.MILLISECONDS)) {
                        return false;
                    }
                }
            }
            case Misbehaviour.Reset unused -> {
                socket.setSoLinger(true, 0); // then close sends RST
                return false;
            }
            case Misbehaviour.Flood flood -> {
                taken(request);
                var out = socket.getOutputStream();
                out.write(("HTTP/1.1 201 Created\r\nContent-Length: " + flood.bytes + "\r\n\r\n").getBytes(UTF_8));
                byte[] block = new byte[8_192];
                for (long left = flood.bytes; left > 0; left -= block.length) {
                    out.write(block, 0, (int) Math.min(left, block.length));
                }
            }
        }
        return true;
    }

    private Misbehaviour.Answer taken(Request request) {
        var browser = browsers.get(request.path);
        if (browser == null) {
            return answer(404, "{\"errno\":102}");
        }
        int gone = browser.goneStatus.get();
        if (gone != 0) {
            return answer(gone, "{\"errno\":103}");
        }
        if (request.body.length > BODY_BYTES_MAX) {
            return fault(413, "a body of " + request.body.length + " bytes");
        }
        String unlike = unlike(request.headers);
        if (unlike != null) {
            return fault(400, unlike);
        }
        VapidCheck.Sender sender;
        try {
            sender = VapidCheck.check(request.headers.get("authorization"), origin, clock.instant());
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return fault(403, "authorization: " + e.getMessage());
        }
        if (browser.senderKey != null && !browser.senderKey.equals(sender.publicKey())) {
            return answer(
                    403,
                    "the VAPID credentials in the authorization header do not correspond to the credentials used to"
                            + " create the subscriptions.\n");
        }
        String text;
        try {
            text = new String(browser.keys.decrypt(request.body), UTF_8);
        } catch (GeneralSecurityException e) {
            return fault(201, "cannot be decrypted: " + e.getMessage());
        }
        synchronized (received) {
            received.add(new Received(
                    System.nanoTime(),
                    URI.create(origin + request.path),
                    request.headers,
                    request.body.length,
                    text,
                    sender.publicKey(),
                    sender.subject()));
            received.notifyAll();
        }
        return answer(201, "");
    }

    private static @Nullable String unlike(Map<String, String> headers) {
        String topic = headers.get("topic");
        if (!headers.getOrDefault("ttl", "").matches("[0-9]+")) {
            return "TTL " + headers.get("ttl");
        }
        if (topic != null && !TOPIC.matcher(topic).matches()) {
            return "Topic " + topic;
        }
        if (!URGENCIES.contains(headers.getOrDefault("urgency", "normal"))) {
            return "Urgency " + headers.get("urgency");
        }
        return "aes128gcm".equals(headers.get("content-encoding"))
                ? null
                : "Content-Encoding " + headers.get("content-encoding");
    }

    private Misbehaviour.Answer fault(int status, String what) {
        synchronized (received) {
            faults.add(what);
            received.notifyAll();
        }
        return answer(status, what);
    }

    private static Misbehaviour.Answer answer(int status, String body) {
        return new Misbehaviour.Answer(status, Map.of(), body);
    }

    private Browser browser(String path) {
        var browser = browsers.get(path);
        if (browser == null) {
            throw new IllegalArgumentException("no subscription of ours: " + path);
        }
        return browser;
    }

    private static void write(Socket socket, Misbehaviour.Answer answer) throws IOException {
        socket.getOutputStream().write(text(answer).getBytes(UTF_8));
    }

    private static String text(Misbehaviour.Answer answer) {
        var text = new StringBuilder("HTTP/1.1 " + answer.status + " as scripted\r\n");
        answer.headers.forEach(
                (name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
        return text + "Content-Length: " + answer.body.getBytes(UTF_8).length + "\r\n\r\n" + answer.body;
    }

    private static @Nullable Request read(InputStream in) throws IOException {
        String first = line(in);
        if (first.isEmpty()) {
            return null;
        }
        var words = first.split(" ", -1);
        var headers = new TreeMap<String, String>();
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            int colon = header.indexOf(':');
            headers.put(
                    header.substring(0, colon).toLowerCase(Locale.ROOT),
                    header.substring(colon + 1).strip());
        }
        byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
        return new Request(words[0].equals("POST") ? words[1] : words[0], headers, body);
    }

    /** Without its end; empty also at the end of the stream. */
    private static String line(InputStream in) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            line.write(next);
        }
        return line.toString(ISO_8859_1).stripTrailing();
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
