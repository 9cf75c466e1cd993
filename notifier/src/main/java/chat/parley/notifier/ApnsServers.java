package chat.parley.notifier;

import com.eatthepath.pushy.apns.ApnsClientBuilder;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stands in the place of Apple's servers.
 *
 * @param address https, for both environments; null for Apple's own
 * @param trusted certificates that may sign that server's; none for those that the JVM trusts
 */
record ApnsServers(@Nullable URI address, List<X509Certificate> trusted) {
    /** Apple's own. */
    static final ApnsServers APPLE = new ApnsServers(null, List.of());

    private static final int HTTPS_PORT = 443;

    /** @throws IllegalArgumentException if {@code pem} has no certificate */
    static List<X509Certificate> certificates(byte[] pem) {
        try {
            var read =
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem)).stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (!read.isEmpty()) {
                return read;
            }
        } catch (CertificateException e) {
            throw new IllegalArgumentException("has a certificate that is damaged", e);
        }
        throw new IllegalArgumentException("has no certificate");
    }

    void applyTo(ApnsClientBuilder client, String applesHost) {
        if (address == null) {
            client.setApnsServer(applesHost);
        } else {
            client.setApnsServer(address.getHost(), address.getPort() < 0 ? HTTPS_PORT : address.getPort());
        }
        if (!trusted.isEmpty()) {
            client.setTrustedServerCertificateChain(trusted.toArray(X509Certificate[]::new));
        }
    }
}
