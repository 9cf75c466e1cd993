package chat.parley.stream;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One question of many threads about the same thing: those who ask while it is being read wait for the next read, and share that one. So the answer is never
 * older than the question, and who asks alone does not wait. Keys do not wait for each other. Safe for use by many threads.
 */
final class SharedReads<K, V> {
    private final Function<K, V> read;
    /** The newest read of each key, under way or about to be. */
    private final Map<K, Read<V>> newest = new ConcurrentHashMap<>();

    /** @param read may block */
    SharedReads(Function<K, V> read) {
        this.read = read;
    }

    private static final class Read<V> {
        private final CompletableFuture<V> answer = new CompletableFuture<>();
        /** The one under way that this one follows. Of the thread that reads; null from the moment it waits no more, or each read would keep all before it. */
        private @Nullable CompletableFuture<V> before;
        /** Nobody joins it any more. Changed within a computation of the map. */
        private boolean hasBegun;

        Read(@Nullable Read<V> last) {
            this.before = last == null ? null : last.answer;
            this.hasBegun = last == null;
        }

        void awaitBefore() {
            var awaited = before;
            if (awaited != null) {
                awaited.handle((answer, failure) -> true).join(); // how it ended concerns those who asked then
                before = null;
            }
        }
    }

    /** Blocks, and throws what the read threw. */
    V ask(K key) {
        var isMine = new boolean[1];
        var shared = newest.compute(key, (unused, last) -> {
            if (last != null && !last.hasBegun) {
                return last;
            }
            isMine[0] = true;
            return new Read<>(last);
        });
        if (isMine[0]) {
            answer(key, shared);
        }
        return answerOf(shared.answer);
    }

    private void answer(K key, Read<V> mine) {
        try {
            mine.awaitBefore();
            // It is the newest as long as it has not begun, so it is there.
            newest.computeIfPresent(key, (unused, last) -> {
                mine.hasBegun = true;
                return last;
            });
            mine.answer.complete(read.apply(key));
        } catch (Throwable e) {
            mine.answer.completeExceptionally(e); // whatever it is, others wait for it
        } finally {
            newest.remove(key, mine);
        }
    }

    /** Waits, and throws what was thrown instead of an answer. */
    static <V> V answerOf(CompletableFuture<V> answer) {
        try {
            return answer.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw e;
        }
    }
}
