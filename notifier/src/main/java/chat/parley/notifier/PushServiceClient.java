package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.net.PublicAddresses;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.io.Closer;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Calls addresses that strangers named: no redirects, no repeats, no cookies, little time, few bytes and, unless allowed, no address in a private network. The names are resolved here
 * and what is connected to is what was looked at. Connections are kept. Safe for use by many threads.
 */
final class PushServiceClient implements AutoCloseable {
    /** For all of a call: name, connection, TLS, answer to its last byte. {@link PushSender} promises it. */
    private static final Duration CALL_MAX = Duration.ofSeconds(10);

    private static final Timeout CONNECT_MAX = Timeout.ofSeconds(3);

    /** The answer's body is a sentence or a small JSON; of a longer one only so much is read, and the connection is not used again. */
    private static final int BODY_BYTES_MAX = 4_096;

    /** To one push service. Most people have browsers of the same two or three. */
    private static final int CONNECTIONS_PER_ROUTE_MAX = 128;

    /** To all of them: more than the caller sends at once, so that nobody waits here. */
    private static final int CONNECTIONS_MAX = 512;

    /** Push services close what is idle after a minute or more; what they closed in the meantime is noticed before use. */
    private static final TimeValue IDLE_MAX = TimeValue.ofSeconds(45);

    private static final TimeValue LOOKED_AT_AFTER = TimeValue.ofSeconds(1);

    private final CloseableHttpClient http;

    /** As many as there are calls; the caller's lane bounds them, and idle ones end after a minute. */
    private final ExecutorService threads = Executors.newCachedThreadPool(
            Thread.ofPlatform().name("push-service-call-", 0).daemon().factory());

    /**
     * @param mayBePrivate whether addresses in private networks are called too
     * @param trusted whose certificates are believed; null: those that Java believes
     */
    PushServiceClient(boolean mayBePrivate, @Nullable SSLContext trusted) {
        var connections = PoolingHttpClientConnectionManagerBuilder.create()
                .setDnsResolver(mayBePrivate ? SystemDefaultDnsResolver.INSTANCE : new PublicOnly())
                .setTlsSocketStrategy(
                        trusted == null
                                ? DefaultClientTlsStrategy.createDefault()
                                : new DefaultClientTlsStrategy(trusted))
                .setMaxConnPerRoute(CONNECTIONS_PER_ROUTE_MAX)
                .setMaxConnTotal(CONNECTIONS_MAX)
                .setDefaultConnectionConfig(ConnectionConfig.custom()
                        .setConnectTimeout(CONNECT_MAX)
                        .setSocketTimeout(Timeout.of(CALL_MAX))
                        .setValidateAfterInactivity(LOOKED_AT_AFTER)
                        .build())
                .build();
        http = HttpClients.custom()
                .setConnectionManager(connections)
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(Timeout.of(CALL_MAX))
                        .setResponseTimeout(Timeout.of(CALL_MAX))
                        .setProtocolUpgradeEnabled(false)
                        .build())
                .evictIdleConnections(IDLE_MAX)
                .disableRedirectHandling()
                .disableAutomaticRetries()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableContentCompression()
                .setUserAgent("Parley")
                .build();
    }

    /**
     * What came back.
     *
     * @param retryAfter the header as it is
     * @param body its beginning
     */
    record Answer(int status, @Nullable String retryAfter, String body) {}

    /** The host has no address that may be called. */
    static final class PrivateAddressException extends UnknownHostException {
        private static final long serialVersionUID = 1L;

        PrivateAddressException() {
            super("not a public address");
        }
    }

    /**
     * Posts and waits for the answer.
     *
     * @throws PrivateAddressException if nothing was connected to
     * @throws IOException if there is no answer, for whatever reason
     */
    Answer post(URI address, Map<String, String> headers, byte[] body) throws IOException, InterruptedException {
        var request = new HttpPost(address);
        headers.forEach(request::setHeader);
        request.setEntity(new ByteArrayEntity(body, ContentType.APPLICATION_OCTET_STREAM));
        // Timeouts of sockets count from byte to byte: a thread of its own lets the whole call end in time. Not a
        // virtual
        // one: resolving a name would hold its carrier, and with it everybody else's pushes, as long as a stranger's
        // name
        // server likes.
        var call = new FutureTask<Answer>(() -> {
            var response = http.executeOpen(null, request, null);
            try {
                return answer(request, response);
            } finally {
                Closer.closeQuietly(response); // what goes wrong from here on changes nothing
            }
        });
        threads.execute(call);
        try {
            return call.get(CALL_MAX.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            var late = new InterruptedIOException("no answer within " + CALL_MAX.toSeconds() + " s");
            late.initCause(e);
            throw late;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IOException("cannot be called", e.getCause());
        } finally {
            if (!call.isDone()) {
                request.abort();
                call.cancel(true);
            }
        }
    }

    @Override
    public void close() {
        http.close(CloseMode.IMMEDIATE);
        threads.shutdownNow();
    }

    private static Answer answer(HttpPost request, ClassicHttpResponse response) throws IOException {
        var retryAfter = response.getFirstHeader("Retry-After");
        var entity = response.getEntity();
        byte[] body = entity == null ? new byte[0] : entity.getContent().readNBytes(BODY_BYTES_MAX + 1);
        if (body.length > BODY_BYTES_MAX) {
            request.abort(); // closing the response would read the rest
        }
        return new Answer(
                response.getCode(),
                retryAfter == null ? null : retryAfter.getValue(),
                new String(body, 0, Math.min(body.length, BODY_BYTES_MAX), UTF_8));
    }

    /** Names and written addresses alike pass through here. */
    private static final class PublicOnly implements DnsResolver {
        @Override
        public InetAddress[] resolve(String host) throws UnknownHostException {
            var addresses = Arrays.stream(SystemDefaultDnsResolver.INSTANCE.resolve(host))
                    .filter(PublicAddresses::isPublic)
                    .toArray(InetAddress[]::new);
            if (addresses.length == 0) {
                throw new PrivateAddressException();
            }
            return addresses;
        }

        @Override
        public String resolveCanonicalHostname(String host) {
            return host;
        }
    }
}
