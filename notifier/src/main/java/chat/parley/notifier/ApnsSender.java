package chat.parley.notifier;

import chat.parley.notifier.Push.Alert;
import chat.parley.notifier.Push.Clear;
import chat.parley.notifier.PushResult.Accepted;
import chat.parley.notifier.PushResult.Refused;
import chat.parley.push.PushTarget;
import chat.parley.push.PushTarget.ApnsEnvironment;
import chat.parley.push.Vendor;
import com.eatthepath.pushy.apns.ApnsClient;
import com.eatthepath.pushy.apns.ApnsClientBuilder;
import com.eatthepath.pushy.apns.DeliveryPriority;
import com.eatthepath.pushy.apns.PushType;
import com.eatthepath.pushy.apns.auth.ApnsSigningKey;
import com.eatthepath.pushy.apns.util.SimpleApnsPushNotification;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands pushes to Apple's push service by Pushy, over one HTTP/2 connection to each of Apple's two environments, opened when first needed. */
final class ApnsSender implements PushSender {
    private static final Logger LOG = LoggerFactory.getLogger(ApnsSender.class);

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);

    /** For answers that are still to come when a connection is given up. */
    private static final Duration DRAIN = Duration.ofSeconds(10);

    private static final long CLOSE_LIMIT_MILLIS = 12_000;

    /** Of a clear: it must not take the place of an alert of the same conversation that waits at Apple's, whose message may be newer. */
    private static final String CLEAR = "clear.";

    private final ApnsSigningKey key;
    private final ApnsServers servers;
    private final EventLoopGroup loop;
    private final Map<ApnsEnvironment, ApnsClient> clients = new EnumMap<>(ApnsEnvironment.class); // guarded by itself
    private boolean closed; // guarded by clients

    @SuppressWarnings(
            "deprecation") // Pushy 0.15 looks the loop up by the name of its class and knows none of Netty 4.2's
    ApnsSender(ApnsSigningKey key, ApnsServers servers) {
        this.key = key;
        this.servers = servers;
        // One thread encrypts and writes some 10,000 pushes a second.
        this.loop = new NioEventLoopGroup(1, new DefaultThreadFactory("apns", true));
    }

    @Override
    public Vendor vendor() {
        return Vendor.APNS;
    }

    @Override
    public PushResult send(Push push) throws IOException, InterruptedException {
        if (!(push.device().target() instanceof PushTarget.Apns target)) {
            throw new IllegalArgumentException("not a device of APNs");
        }
        SimpleApnsPushNotification notification;
        try {
            notification = notification(push, target);
        } catch (IllegalArgumentException e) {
            return new Refused(Reasons.TOO_LARGE);
        }
        var client = client(target.environment());
        try {
            var answer = client.sendNotification(notification).get(LIMIT.toNanos(), TimeUnit.NANOSECONDS);
            return answer.isAccepted()
                    ? new Accepted()
                    : ApnsAnswers.refusal(
                            answer.getStatusCode(),
                            answer.getRejectionReason().orElse(null),
                            answer.getTokenInvalidationTimestamp().orElse(null));
        } catch (TimeoutException e) {
            retire(target.environment(), client);
            throw new IOException("APNs did not answer within " + LIMIT.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            retire(target.environment(), client);
            throw new IOException("APNs was not reached, or did not answer", e.getCause());
        }
    }

    private static SimpleApnsPushNotification notification(Push push, PushTarget.Apns target) {
        String payload = new String(ApnsPayload.of(push), StandardCharsets.UTF_8);
        return switch (push) {
            case Alert alert ->
                new SimpleApnsPushNotification(
                        target.token(),
                        target.topic(),
                        payload,
                        alert.expiresAt(),
                        alert.urgent() ? DeliveryPriority.IMMEDIATE : DeliveryPriority.CONSERVE_POWER,
                        PushType.ALERT,
                        alert.collapseKey());
            // Apple: a background push has priority 5 and no other.
            case Clear clear ->
                new SimpleApnsPushNotification(
                        target.token(),
                        target.topic(),
                        payload,
                        clear.expiresAt(),
                        DeliveryPriority.CONSERVE_POWER,
                        PushType.BACKGROUND,
                        CLEAR + clear.collapseKey());
        };
    }

    private ApnsClient client(ApnsEnvironment environment) throws IOException {
        synchronized (clients) {
            if (closed) {
                throw new IOException("closed");
            }
            var open = clients.get(environment);
            if (open == null) {
                open = open(environment);
                clients.put(environment, open);
            }
            return open;
        }
    }

    private ApnsClient open(ApnsEnvironment environment) throws SSLException {
        var builder = new ApnsClientBuilder()
                .setSigningKey(key)
                .setEventLoopGroup(loop)
                .setConnectionTimeout(CONNECT_LIMIT)
                .setGracefulShutdownTimeout(DRAIN);
        servers.applyTo(
                builder,
                switch (environment) {
                    case PRODUCTION -> ApnsClientBuilder.PRODUCTION_APNS_HOST;
                    case SANDBOX -> ApnsClientBuilder.DEVELOPMENT_APNS_HOST;
                });
        return builder.build();
    }

    /**
     * The next push begins anew. Pushy keeps pushes that it could not send, waits up to a minute between two connections, and then sends them whatever has become
     * of their callers: people would get twice, late, and in the wrong order what we tried again meanwhile. When to try again is our caller's.
     */
    private void retire(ApnsEnvironment environment, ApnsClient failed) {
        synchronized (clients) {
            if (!clients.remove(environment, failed)) {
                return; // another push did
            }
        }
        var unused = failed.close(); // what was sent over it may still be answered
    }

    @Override
    public void close() {
        CompletableFuture<?>[] ending;
        synchronized (clients) {
            closed = true;
            ending = clients.values().stream().map(ApnsClient::close).toArray(CompletableFuture<?>[]::new);
            clients.clear();
        }
        try {
            CompletableFuture.allOf(ending).get(CLOSE_LIMIT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("closing connections to APNs", e);
        }
        var unused = loop.shutdownGracefully(0, CLOSE_LIMIT_MILLIS, TimeUnit.MILLISECONDS);
    }
}
