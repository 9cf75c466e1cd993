package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.json.Json;
import com.eatthepath.pushy.apns.auth.ApnsVerificationKey;
import com.eatthepath.pushy.apns.server.MockApnsServer;
import com.eatthepath.pushy.apns.server.MockApnsServerBuilder;
import com.eatthepath.pushy.apns.server.MockApnsServerListener;
import com.eatthepath.pushy.apns.server.PushNotificationHandler;
import com.eatthepath.pushy.apns.server.RejectedNotificationException;
import com.eatthepath.pushy.apns.server.RejectionReason;
import com.eatthepath.pushy.apns.server.UnregisteredDeviceTokenException;
import com.eatthepath.pushy.apns.server.ValidatingPushNotificationHandlerFactory;
import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Apple's push service, played by Pushy's own server: it checks the provider token's signature, the topic, the device token, headers and size. What is to go wrong is
 * set by a script.
 */
public final class FakeApns implements AutoCloseable {
    /** For {@code PARLEY_APNS_KEY_ID}. */
    public static final String KEY_ID = "KEY1234567";

    /** For {@code PARLEY_APNS_TEAM_ID}. */
    public static final String TEAM_ID = "TEAM123456";

    /** The one app that our key may send to. */
    public static final String TOPIC = "chat.parley.test";

    private static final long SLOW_MAX_SECONDS = 30;

    private final KeyPair key;
    private final EventLoopGroup loop;
    private final MockApnsServer server;
    private final int port;
    private final Set<String> devices = ConcurrentHashMap.newKeySet();
    private final Map<String, Instant> dead = new ConcurrentHashMap<>();
    private final Queue<Step> script = new ConcurrentLinkedQueue<>();
    private final List<Sent> sent = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile @Nullable Step always;

    /** What a device would get, and the headers that it came with. */
    public record Sent(String token, Map<String, String> headers, JsonNode payload, int payloadBytes) {}

    /** What happens to one push before it is judged. */
    @FunctionalInterface
    public interface Step {
        /** Returns, and the push is judged as any other; or refuses it. */
        void run() throws RejectedNotificationException;
    }

    @SuppressWarnings("deprecation") // Pushy knows none of Netty 4.2's loops
    private FakeApns(TestCertificate certificate) throws IOException, GeneralSecurityException {
        var pairs = KeyPairGenerator.getInstance("EC");
        pairs.initialize(new ECGenParameterSpec("secp256r1"));
        this.key = pairs.generateKeyPair();
        var verification = new ApnsVerificationKey(KEY_ID, TEAM_ID, (ECPublicKey) key.getPublic());
        var judge = new ValidatingPushNotificationHandlerFactory(
                Map.of(TOPIC, devices),
                dead,
                Map.of(KEY_ID, verification),
                Map.of(verification, new HashSet<>(Set.of(TOPIC))));
        this.loop = new NioEventLoopGroup(1, new DefaultThreadFactory("apns-server", true));
        this.server = new MockApnsServerBuilder()
                .setEventLoopGroup(loop)
                .setServerCredentials(new X509Certificate[] {certificate.certificate()}, certificate.key(), null)
                .setHandlerFactory(session -> scripted(judge, session))
                .setListener(new Recording())
                .build();
        this.port = server.start(0).join();
    }

    /** With TLS, as Apple's. */
    public static FakeApns start(TestCertificate certificate) throws IOException, GeneralSecurityException {
        return new FakeApns(certificate);
    }

    /** Of this machine. */
    public int port() {
        return port;
    }

    /** For {@code PARLEY_APNS_KEY}: the file that Apple would give out. */
    public String key() {
        return TestCertificate.pem("PRIVATE KEY", key.getPrivate().getEncoded());
    }

    /** A device that is there: 64 hexadecimal digits. */
    public void addDevice(String token) {
        devices.add(token);
    }

    /** The app of this device was removed. */
    public void kill(String token, Instant since) {
        dead.put(token, since);
    }

    /** What happens to the next pushes; after them APNs is well again. */
    public void next(Step... steps) {
        script.addAll(List.of(steps));
    }

    /** What happens to all pushes from now on; null: APNs is well again. */
    public void always(@Nullable Step step) {
        always = step;
    }

    /** Refuses a push. */
    public static Step refuse(RejectionReason reason) {
        return () -> {
            throw new RejectedNotificationException(reason);
        };
    }

    /** Says that the device is gone. */
    public static Step gone(Instant since) {
        return () -> {
            throw new UnregisteredDeviceTokenException(since);
        };
    }

    /** Holds a push, and all that come after it by the same connection, until the latch is opened. */
    public static Step hold(CountDownLatch until) {
        return () -> {
            try {
                var unused = until.await(SLOW_MAX_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }

    /** What was accepted, in order. */
    public List<Sent> sent() {
        return List.copyOf(sent);
    }

    /** How many connections came. */
    public int connections() {
        return connections.get();
    }

    @Override
    public void close() {
        var unused = server.shutdown().join();
        var unusedToo = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private PushNotificationHandler scripted(ValidatingPushNotificationHandlerFactory judge, SSLSession session) {
        connections.incrementAndGet();
        var judging = judge.buildHandler(session);
        return (headers, payload) -> {
            var step = script.poll();
            if (step == null) {
                step = always;
            }
            if (step != null) {
                step.run();
            }
            judging.handlePushNotification(headers, payload);
        };
    }

    private final class Recording implements MockApnsServerListener {
        @Override
        public void handlePushNotificationAccepted(Http2Headers headers, ByteBuf payload) {
            var all = new ConcurrentHashMap<String, String>();
            headers.forEach(header ->
                    all.put(header.getKey().toString(), header.getValue().toString()));
            String path = String.valueOf(headers.path());
            try {
                var tree = Json.MAPPER.readTree(payload.toString(UTF_8));
                sent.add(new Sent(path.substring(path.lastIndexOf('/') + 1), all, tree, payload.readableBytes()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void handlePushNotificationRejected(
                Http2Headers headers, ByteBuf payload, RejectionReason reason, @Nullable Instant since) {
            // The sender's result tells.
        }
    }
}
