package chat.parley.notifier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.notifier.LocalPushService.Misbehaviour;
import chat.parley.notifier.PushServiceClient.PrivateAddressException;
import java.io.IOException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses that strangers name: where they may not lead, and that who answers is who was asked for. */
class PushServiceClientTest {
    private static final byte[] BODY = new byte[10];

    private final LocalPushService service = LocalPushService.start();
    private final PushServiceClient guarded = new PushServiceClient(false, null);
    private final PushServiceClient lenient = new PushServiceClient(true, null);

    @AfterEach
    void close() {
        guarded.close();
        lenient.close();
        service.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.0.0.2", "0.0.0.0", "[::1]", "[::]",
                "169.254.169.254", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "[fd00::1]", "[fe80::1]",
                "[64:ff9b::7f00:1]"
            })
    void nothing_is_connected_to_in_our_own_networks(String host) throws Exception {
        int port = URI.create(service.origin()).getPort();
        for (String scheme : new String[] {"http", "https"}) {
            var address = URI.create(scheme + "://" + host + ":" + port + "/x");
            assertThrows(PrivateAddressException.class, () -> guarded.post(address, Map.of(), BODY), scheme);
        }
        assertEquals(0, service.connections());
        // The listener is there: who may connect, does.
        lenient.post(URI.create(service.origin() + "/x"), Map.of(), BODY);
        assertEquals(1, service.connections());
    }

    @Test
    void redirects_are_not_followed() throws Exception {
        try (var inside = LocalPushService.start()) {
            for (int status : new int[] {301, 302, 303, 307, 308}) {
                service.next(new Misbehaviour.Answer(status, Map.of("Location", inside.origin() + "/x"), ""));
                var answer = lenient.post(URI.create(service.origin() + "/x"), Map.of(), BODY);
                assertEquals(status, answer.status());
            }
            assertEquals(5, service.requests());
            assertEquals(0, inside.connections());
        }
    }

    @Test
    void a_service_with_a_certificate_for_its_name_is_believed_and_no_other(@TempDir Path folder) throws Exception {
        var identity = identity(folder, "localhost");
        try (var service = LocalPushService.startTls(identity, "localhost");
                var trusting = new PushServiceClient(true, identity)) {
            var named = URI.create(service.origin() + "/x");
            assertEquals(404, trusting.post(named, Map.of(), BODY).status());
            assertEquals(1, service.requests());

            var otherwise = URI.create(service.origin().replace("localhost", "127.0.0.1") + "/x");
            assertSays("No subject alternative names matching", () -> trusting.post(otherwise, Map.of(), BODY));
            assertSays("unable to find valid certification path", () -> lenient.post(named, Map.of(), BODY));
            assertEquals(1, service.requests());
        }
    }

    @Test
    void names_and_ports_that_lead_nowhere_are_failures_to_be_tried_again() throws Exception {
        int free;
        try (var closed = LocalPushService.start()) {
            free = URI.create(closed.origin()).getPort();
        }
        var nobody = URI.create("http://127.0.0.1:" + free + "/x");
        assertThrows(IOException.class, () -> lenient.post(nobody, Map.of(), BODY));
        var nowhere = URI.create("https://push.invalid/x");
        var failure = assertThrows(IOException.class, () -> guarded.post(nowhere, Map.of(), BODY));
        assertEquals(UnknownHostException.class, failure.getClass());
    }

    private static void assertSays(String why, Executable call) {
        var failure = assertThrows(SSLHandshakeException.class, call);
        assertTrue(String.valueOf(failure.getMessage()).contains(why), failure::toString);
    }

    /** A key and a certificate that signs itself, of which the context is both owner and believer. */
    private static SSLContext identity(Path folder, String name) throws Exception {
        Path file = folder.resolve("identity.p12");
        char[] password = "changeit".toCharArray();
        var keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "SAN=dns:" + name,
                        "-alias",
                        "x",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "changeit",
                        "-keystore",
                        file.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("keytool.log").toFile())
                .start();
        assertTrue(keytool.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, keytool.exitValue(), () -> file.toString());
        var store = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(file)) {
            store.load(in, password);
        }
        var owner = KeyManagerFactory.getInstance("PKIX");
        owner.init(store, password);
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("x", store.getCertificate("x"));
        var believer = TrustManagerFactory.getInstance("PKIX");
        believer.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(owner.getKeyManagers(), believer.getTrustManagers(), null);
        return context;
    }
}
