package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A certificate of this machine, made by the JDK's keytool when the tests run; nobody else trusts it.
 *
 * @param file the certificate as PEM, for settings
 */
public record TestCertificate(PrivateKey key, X509Certificate certificate, Path file) {
    private static final String PASSWORD = "changeit"; // of a file that is gone in a moment

    /** Takes a second: make one for a class. */
    public static TestCertificate make() throws IOException, GeneralSecurityException, InterruptedException {
        var folder = Files.createTempDirectory("parley-certificate");
        folder.toFile().deleteOnExit(); // before what is in it: it goes in the opposite order
        var store = folder.resolve("store.p12");
        var keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD,
                        "-alias",
                        "server",
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost,ip:127.0.0.1",
                        "-validity",
                        "2")
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), US_ASCII);
        if (keytool.waitFor() != 0) {
            throw new IOException("keytool: " + said);
        }
        var read = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(store)) {
            read.load(in, PASSWORD.toCharArray());
        }
        Files.delete(store);
        var certificate = (X509Certificate) read.getCertificate("server");
        var pem = Files.writeString(folder.resolve("server.pem"), pem("CERTIFICATE", certificate.getEncoded()));
        pem.toFile().deleteOnExit();
        return new TestCertificate((PrivateKey) read.getKey("server", PASSWORD.toCharArray()), certificate, pem);
    }

    /** Bytes as text between two lines that name them. */
    public static String pem(String name, byte[] bytes) {
        var base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        return "-----BEGIN " + name + "-----\n" + base64 + "\n-----END " + name + "-----\n";
    }

    /** Of clients that trust this certificate and no other. */
    public SSLContext trusting() throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry("server", certificate);
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
