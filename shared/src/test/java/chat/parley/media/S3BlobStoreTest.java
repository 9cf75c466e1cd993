package chat.parley.media;

import static org.junit.jupiter.api.Assertions.assertThrows;

import chat.parley.ops.Secret;
import chat.parley.ops.StoreUnavailable;
import chat.parley.testkit.LocalS3;
import java.net.URI;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class S3BlobStoreTest extends BlobStoreContract {
    @RegisterExtension
    static final LocalS3 S3 = new LocalS3();

    private BlobStore store;

    @BeforeAll
    void open() {
        store = new S3BlobStore(S3.settings());
    }

    @AfterAll
    void close() {
        store.close();
    }

    @Override
    BlobStore store() {
        return store;
    }

    @Test
    void a_wrong_secret_is_an_outage_and_no_empty_store() {
        try (var stranger = new S3BlobStore(S3.settings(new Secret("wrong")))) {
            assertThrows(StoreUnavailable.class, () -> stranger.put(fresh(), source(new byte[1])));
            assertThrows(StoreUnavailable.class, () -> stranger.open(fresh(), 0, 1));
        }
    }

    @Test
    void nobody_at_the_address_is_an_outage() {
        var there = S3.settings();
        var nowhere = new MediaSettings.S3(
                there.bucket(),
                there.prefix(),
                URI.create("http://127.0.0.1:1"),
                there.region(),
                there.key(),
                there.secret());
        try (var away = new S3BlobStore(nowhere)) {
            assertThrows(StoreUnavailable.class, () -> away.put(fresh(), source(new byte[1])));
            assertThrows(StoreUnavailable.class, () -> away.open(fresh(), 0, 1));
            assertThrows(StoreUnavailable.class, () -> away.delete(fresh()));
        }
    }

    @Test
    void a_bucket_that_is_not_there_is_an_outage() {
        var there = S3.settings();
        var elsewhere = new MediaSettings.S3(
                "no-such-bucket", "", there.endpoint(), there.region(), there.key(), there.secret());
        try (var wrong = new S3BlobStore(elsewhere)) {
            assertThrows(StoreUnavailable.class, () -> wrong.open(fresh(), 0, 1));
        }
    }
}
