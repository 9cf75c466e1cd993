package chat.parley.systemtests.deployment;

import static java.nio.charset.StandardCharsets.US_ASCII;

import chat.parley.notifier.TestCertificate;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;

/**
 * A certificate for localhost that nobody but its clients trusts.
 *
 * @param pem key and certificate in one file, as HAProxy wants them; nginx takes them so too
 * @param trust of a client that believes it and no other
 */
record ProxyCertificate(Path pem, SSLContext trust) {
    static ProxyCertificate in(Path folder) throws Exception {
        var made = TestCertificate.make();
        var both = TestCertificate.pem("PRIVATE KEY", made.key().getEncoded())
                + TestCertificate.pem("CERTIFICATE", made.certificate().getEncoded());
        return new ProxyCertificate(Files.writeString(folder.resolve("tls.pem"), both, US_ASCII), made.trusting());
    }
}
