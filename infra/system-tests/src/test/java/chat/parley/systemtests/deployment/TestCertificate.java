package chat.parley.systemtests.deployment;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A certificate for localhost that nobody but its clients trusts.
 *
 * @param pem key and certificate in one file, as HAProxy wants them; nginx takes them so too
 * @param trust of a client that believes it and no other
 */
record TestCertificate(Path pem, SSLContext trust) {
    private static final String NAME = "localhost";
    private static final char[] PASSWORD = "not a secret".toCharArray();

    static TestCertificate in(Path folder) throws Exception {
        var store = folder.resolve("tls.p12");
        // The JDK's own program: its API makes keys, and no certificates.
        var keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Programs.run(new ProcessBuilder(
                keytool,
                "-genkeypair",
                "-alias",
                NAME,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost,ip:127.0.0.1",
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                new String(PASSWORD)));
        var keys = KeyStore.getInstance(store.toFile(), PASSWORD);
        var certificate = keys.getCertificate(NAME);
        var pem = Files.writeString(
                folder.resolve("tls.pem"), text(keys.getKey(NAME, PASSWORD)) + text(certificate), US_ASCII);
        return new TestCertificate(pem, trusting(certificate));
    }

    private static SSLContext trusting(Certificate certificate) throws Exception {
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry(NAME, certificate);
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }

    private static String text(Key key) {
        return text("PRIVATE KEY", key.getEncoded());
    }

    private static String text(Certificate certificate) throws Exception {
        return text("CERTIFICATE", certificate.getEncoded());
    }

    private static String text(String what, byte[] der) {
        var lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + what + "-----\n" + lines + "\n-----END " + what + "-----\n";
    }
}
