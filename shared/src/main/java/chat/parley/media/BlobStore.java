package chat.parley.media;

import chat.parley.ops.StoreUnavailable;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;

/**
 * The port to where bytes of media are kept; {@code BlobStoreContract} says what each adapter must do. Never holds a whole blob in memory. Methods
 * throw {@link StoreUnavailable} when the outcome is unknown; all may be repeated. Safe for use by many threads and nodes.
 */
public interface BlobStore extends AutoCloseable {
    /** Bytes to be stored; may be asked for again when a first try failed. */
    interface Source {
        /** How many there are. */
        long length();

        /** From the first byte on; closed by the store. */
        InputStream open() throws IOException;
    }

    /** Stores a blob, whole and durable when this returns; until then a reader finds what was there before. */
    void put(BlobKey key, Source source);

    /**
     * Reads {@code length} bytes from {@code offset} on, which must lie within the blob; to be closed by the caller, also before its end.
     * Empty if there is no such blob. Reading throws {@link IOException} when the store goes away.
     */
    Optional<InputStream> open(BlobKey key, long offset, long length);

    /** Removes a blob; nothing happens where there is none. */
    void delete(BlobKey key);

    /** Removes what writes left behind that were cut off before {@code olderThan}. */
    void sweep(Instant olderThan);

    /** Ends what the store runs. */
    @Override
    void close();
}
