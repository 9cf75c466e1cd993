package chat.parley.media;

import chat.parley.ops.StoreUnavailable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Blobs as objects of an S3 bucket. A put is one request of known length: S3 shows the whole object or none. */
final class S3BlobStore implements BlobStore {
    private static final Logger LOG = LoggerFactory.getLogger(S3BlobStore.class);

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);

    /** Longest silence on a connection. */
    private static final Duration SILENCE_LIMIT = Duration.ofSeconds(10);

    /** Longest call, its repeats included: a blob of 25 MB at 1 MB/s, and less than a proxy before us waits. Reading a blob's bytes is not counted. */
    private static final Duration CALL_LIMIT = Duration.ofSeconds(45);

    private static final int NOT_FOUND = 404;

    private final S3Client client;
    private final String bucket;
    private final String prefix;

    S3BlobStore(MediaSettings.S3 settings) {
        bucket = settings.bucket();
        prefix = settings.prefix();
        var builder = S3Client.builder()
                .region(Region.of(settings.region()))
                .httpClientBuilder(UrlConnectionHttpClient.builder()
                        .connectionTimeout(CONNECT_LIMIT)
                        .socketTimeout(SILENCE_LIMIT))
                // Checksums of other kinds are not known to every server that speaks S3.
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .overrideConfiguration(calls -> calls.apiCallTimeout(CALL_LIMIT));
        URI endpoint = settings.endpoint();
        if (endpoint != null) {
            builder.endpointOverride(endpoint)
                    .forcePathStyle(true); // servers of one's own seldom have a name for each bucket
        }
        if (settings.key() != null && settings.secret() != null) {
            builder.credentialsProvider(StaticCredentialsProvider.create(
                    AwsBasicCredentials.create(settings.key(), settings.secret().reveal())));
        }
        client = builder.build();
    }

    @Override
    public void put(BlobKey key, Source source) {
        try {
            var body = RequestBody.fromContentProvider(
                    () -> {
                        try {
                            return source.open();
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    source.length(),
                    "application/octet-stream"); // what it is stands in the row; nobody is to be served from the bucket
            client.putObject(put -> put.bucket(bucket).key(name(key)), body);
        } catch (SdkException | UncheckedIOException e) {
            throw new StoreUnavailable("media", e);
        }
    }

    @Override
    public Optional<InputStream> open(BlobKey key, long offset, long length) {
        if (length == 0) {
            return Optional.of(InputStream.nullInputStream()); // has no form as a range
        }
        try {
            String range = "bytes=" + offset + "-" + (offset + length - 1);
            var answer =
                    client.getObject(get -> get.bucket(bucket).key(name(key)).range(range));
            return Optional.of(new S3Part(answer));
        } catch (NoSuchKeyException e) {
            LOG.debug("no blob {}", key, e);
            return Optional.empty();
        } catch (S3Exception e) {
            if (e.statusCode() == NOT_FOUND
                    && e.awsErrorDetails() != null
                    && "NoSuchKey".equals(e.awsErrorDetails().errorCode())) {
                return Optional.empty();
            }
            throw new StoreUnavailable("media", e);
        } catch (SdkException e) {
            throw new StoreUnavailable("media", e);
        }
    }

    @Override
    public void delete(BlobKey key) {
        try {
            client.deleteObject(delete -> delete.bucket(bucket).key(name(key)));
        } catch (SdkException e) {
            throw new StoreUnavailable("media", e);
        }
    }

    /** S3 keeps nothing of a put that was cut off. */
    @Override
    public void sweep(Instant olderThan) {}

    @Override
    public void close() {
        client.close();
    }

    private String name(BlobKey key) {
        return prefix + key.text();
    }
}
