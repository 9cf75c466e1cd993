package chat.parley.account;

import chat.parley.net.PublicAddresses;
import com.nimbusds.jose.util.Resource;
import com.nimbusds.jose.util.ResourceRetriever;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;

/**
 * Fetches an issuer's keys: no redirects, little time, few bytes and, unless the file allows it, no address in a private network. The address
 * is checked as the socket connects to it, so a name that resolves differently a moment later gains nothing.
 */
final class GuardedFetch implements ResourceRetriever {
    private static final Duration CONNECT_MAX = Duration.ofSeconds(2);
    private static final Duration READ_MAX = Duration.ofSeconds(2);

    /** A set of a dozen keys with certificates takes some 30 KB. */
    private static final int BYTES_MAX = 256 * 1024;

    private final boolean mayBePrivate;

    GuardedFetch(boolean mayBePrivate) {
        this.mayBePrivate = mayBePrivate;
    }

    @Override
    public Resource retrieveResource(URL url) throws IOException {
        var connection = (HttpURLConnection) url.openConnection(Proxy.NO_PROXY);
        connection.setInstanceFollowRedirects(false);
        connection.setConnectTimeout((int) CONNECT_MAX.toMillis());
        connection.setReadTimeout((int) READ_MAX.toMillis());
        connection.setRequestProperty("Accept", "application/jwk-set+json, application/json");
        if (connection instanceof HttpsURLConnection https && !mayBePrivate) {
            https.setSSLSocketFactory(new PublicAddressesOnly(https.getSSLSocketFactory()));
        }
        try {
            if (connection.getResponseCode() != HttpURLConnection.HTTP_OK) {
                throw new IOException(url + " answered " + connection.getResponseCode());
            }
            try (var in = connection.getInputStream()) {
                byte[] body = in.readNBytes(BYTES_MAX + 1);
                if (body.length > BYTES_MAX) {
                    throw new IOException(url + " answered more than " + BYTES_MAX + " bytes");
                }
                return new Resource(new String(body, StandardCharsets.UTF_8), connection.getContentType());
            }
        } finally {
            connection.disconnect();
        }
    }

    /** Sockets that connect to public addresses only; TLS is put over them by the platform's own factory, with the name checked as ever. */
    private static final class PublicAddressesOnly extends SSLSocketFactory {
        private final SSLSocketFactory platform;

        PublicAddressesOnly(SSLSocketFactory platform) {
            this.platform = platform;
        }

        @Override
        public Socket createSocket() {
            return new Socket() {
                @Override
                public void connect(SocketAddress endpoint, int timeout) throws IOException {
                    if (!(endpoint instanceof InetSocketAddress internet)
                            || internet.isUnresolved()
                            || !PublicAddresses.isPublic(internet.getAddress())) {
                        throw new IOException("refused to connect: not a public address");
                    }
                    super.connect(endpoint, timeout);
                }
            };
        }

        @Override
        public Socket createSocket(Socket connected, String host, int port, boolean autoClose) throws IOException {
            return platform.createSocket(connected, host, port, autoClose);
        }

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException("would connect unchecked");
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
            throw new UnsupportedOperationException("would connect unchecked");
        }

        @Override
        public Socket createSocket(InetAddress host, int port) {
            throw new UnsupportedOperationException("would connect unchecked");
        }

        @Override
        public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort) {
            throw new UnsupportedOperationException("would connect unchecked");
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return platform.getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return platform.getSupportedCipherSuites();
        }
    }
}
