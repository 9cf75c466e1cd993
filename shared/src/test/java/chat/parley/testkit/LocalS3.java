package chat.parley.testkit;

import chat.parley.media.MediaSettings;
import chat.parley.ops.Secret;
import java.net.URI;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * An S3 server of this JVM, in memory, on a free port of the loopback: S3Proxy, which checks signatures as S3 does. Register it as a static
 * field. Modules that use it declare {@code s3proxy} as a test dependency.
 */
public final class LocalS3 implements BeforeAllCallback, AfterAllCallback {
    private static final String KEY = "local-key";
    private static final String SECRET = "local-secret";
    private static final String BUCKET = "parley-media";

    private final S3Proxy server;

    public LocalS3() {
        var blobs = new TransientNio2BlobStore();
        blobs.createContainer(BUCKET);
        server = S3Proxy.builder()
                .blobStore(blobs)
                .endpoint(URI.create("http://127.0.0.1:0"))
                .awsAuthentication(AuthenticationType.AWS_V4, KEY, SECRET)
                .build();
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        server.start();
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        server.stop();
    }

    /** What names its bucket. */
    public MediaSettings.S3 settings() {
        return settings(new Secret(SECRET));
    }

    /** The same with another secret. */
    public MediaSettings.S3 settings(Secret secret) {
        var endpoint = URI.create("http://127.0.0.1:" + server.getPort());
        return new MediaSettings.S3(BUCKET, "tests/", endpoint, "us-east-1", KEY, secret);
    }

    /** From now on nobody answers. */
    public void stop() throws Exception {
        server.stop();
    }
}
