package chat.parley.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.MediaId;
import chat.parley.ops.StoreUnavailable;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every {@link BlobStore} does. */
abstract class BlobStoreContract {
    private static final AtomicInteger IDS = new AtomicInteger(1);

    /** Larger than any buffer on the way. */
    private static final int LARGE = 3_000_000;

    abstract BlobStore store();

    static BlobKey fresh() {
        return BlobKey.original(new MediaId(IDS.getAndIncrement()));
    }

    static BlobStore.Source source(byte[] bytes) {
        return source(bytes.length, () -> new ByteArrayInputStream(bytes));
    }

    static BlobStore.Source source(long length, Callable<InputStream> opener) {
        return new BlobStore.Source() {
            @Override
            public long length() {
                return length;
            }

            @Override
            public InputStream open() throws IOException {
                try {
                    return opener.call();
                } catch (IOException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        };
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private byte[] read(BlobKey key, long offset, long length) throws IOException {
        try (var in = store().open(key, offset, length).orElseThrow()) {
            return in.readAllBytes();
        }
    }

    @Test
    void what_was_put_is_read_back_whole_and_in_parts() throws Exception {
        var key = fresh();
        byte[] bytes = random(LARGE);
        store().put(key, source(bytes));
        assertArrayEquals(bytes, read(key, 0, LARGE));
        assertArrayEquals(Arrays.copyOfRange(bytes, 7, 1_000_007), read(key, 7, 1_000_000));
        assertArrayEquals(new byte[] {bytes[LARGE - 1]}, read(key, LARGE - 1, 1));
        assertArrayEquals(new byte[] {bytes[0]}, read(key, 0, 1));
        assertEquals(0, read(key, 5, 0).length);
    }

    @Test
    void a_reader_may_stop_in_the_middle() throws Exception {
        var key = fresh();
        store().put(key, source(random(LARGE)));
        for (int i = 0; i < 20; i++) {
            try (var in = store().open(key, 0, LARGE).orElseThrow()) {
                assertEquals(10, in.readNBytes(10).length);
            }
        }
    }

    @Test
    void a_second_put_replaces_the_first() throws Exception {
        var key = fresh();
        store().put(key, source(random(1000)));
        store().put(key, source(random(10)));
        assertArrayEquals(random(10), read(key, 0, 10));
    }

    @Test
    void an_empty_blob_is_a_blob() throws Exception {
        var key = fresh();
        store().put(key, source(new byte[0]));
        assertEquals(0, read(key, 0, 0).length);
    }

    @Test
    void what_is_not_there_is_not_found_and_may_be_deleted() {
        var key = fresh();
        assertTrue(store().open(key, 0, 10).isEmpty());
        store().delete(key);
        store().put(key, source(random(10)));
        store().delete(key);
        assertTrue(store().open(key, 0, 10).isEmpty());
    }

    @Test
    void a_put_that_fails_leaves_what_was_there() throws Exception {
        var key = fresh();
        store().put(key, source(random(100)));
        var broken = source(LARGE, () -> new InputStream() {
            private int given;

            @Override
            public int read() throws IOException {
                if (++given > LARGE / 2) {
                    throw new IOException("the disk of the spool failed");
                }
                return 'x';
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                bytes[offset] = (byte) read();
                return 1;
            }
        });
        assertThrows(StoreUnavailable.class, () -> store().put(key, broken));
        assertArrayEquals(random(100), read(key, 0, 100));
        var neverThere = fresh();
        assertThrows(StoreUnavailable.class, () -> store().put(neverThere, broken));
        assertTrue(store().open(neverThere, 0, 1).isEmpty());
    }

    @Test
    void many_write_and_read_at_once() throws Exception {
        try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
            var results = IntStream.range(0, 32)
                    .mapToObj(i -> pool.submit(() -> {
                        var key = fresh();
                        byte[] bytes = random(10_000 + i);
                        store().put(key, source(bytes));
                        assertArrayEquals(bytes, read(key, 0, bytes.length));
                        return key;
                    }))
                    .toList();
            for (var result : results) {
                result.get();
            }
        }
    }
}
