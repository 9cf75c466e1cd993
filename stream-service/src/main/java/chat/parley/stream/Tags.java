package chat.parley.stream;

import chat.parley.ops.StoreUnavailable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads the tag of one Redis server for many at once. Who asks gets a tag whose reading began after the question, so it proves that whatever was read
 * before it came from that very Redis. Thousands who resume together share a handful of readings.
 */
final class Tags {
    private final Supplier<String> source;
    private final ReentrantLock reading = new ReentrantLock();
    private final Object upcomingLock = new Object();
    private @Nullable CompletableFuture<String> upcoming;

    Tags(Supplier<String> source) {
        this.source = source;
    }

    /**
     * The tag, read from now on.
     *
     * @throws StoreUnavailable if Redis does not answer
     */
    String read() {
        CompletableFuture<String> mine;
        boolean reads = false;
        synchronized (upcomingLock) {
            if (upcoming == null) {
                upcoming = new CompletableFuture<>();
                reads = true;
            }
            mine = upcoming;
        }
        if (reads) {
            readInto(mine);
        }
        try {
            return mine.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private void readInto(CompletableFuture<String> result) {
        reading.lock();
        try {
            synchronized (upcomingLock) {
                upcoming = null; // who asks from here on needs a later reading
            }
            result.complete(source.get());
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
        } finally {
            reading.unlock();
        }
    }
}
