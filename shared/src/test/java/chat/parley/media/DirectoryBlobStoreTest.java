package chat.parley.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DirectoryBlobStoreTest extends BlobStoreContract {
    private static final Instant NOW = Instant.parse("2026-11-23T03:00:00Z");

    @TempDir
    static Path folder;

    private BlobStore store;

    @BeforeAll
    void open() {
        store = new DirectoryBlobStore(folder.resolve("media"));
    }

    @Override
    BlobStore store() {
        return store;
    }

    @Test
    void what_a_killed_process_left_is_swept_once_it_is_old_and_what_is_being_written_stays() throws Exception {
        var old = unfinished("blob-1", NOW.minusSeconds(2));
        var young = unfinished("blob-2", NOW);
        var kept = fresh();
        store.put(kept, source(new byte[] {1}));
        store.sweep(NOW.minusSeconds(1));
        assertFalse(Files.exists(old));
        assertTrue(Files.exists(young));
        assertTrue(store.open(kept, 0, 1).isPresent());
        Files.delete(young);
    }

    @Test
    void nothing_unfinished_is_left_by_a_put_that_failed() throws Exception {
        assertThrows(
                chat.parley.ops.StoreUnavailable.class,
                () -> store.put(fresh(), source(5, () -> new java.io.ByteArrayInputStream(new byte[4]))));
        try (var files = Files.list(folder.resolve("media/unfinished"))) {
            assertEquals(List.of(), files.toList());
        }
    }

    @Test
    void a_key_cannot_lead_out_of_the_folder() {
        for (String text :
                List.of("../../etc/passwd", "AB/../../x.orig", "AB/0123456789ABC.orig/..", "/AB/0123456789ABC.o", "")) {
            assertThrows(IllegalArgumentException.class, () -> new BlobKey(text), text);
        }
    }

    private static Path unfinished(String name, Instant modified) throws IOException {
        var file = Files.write(folder.resolve("media/unfinished/" + name), new byte[] {1});
        return Files.setLastModifiedTime(file, FileTime.from(modified));
    }
}
