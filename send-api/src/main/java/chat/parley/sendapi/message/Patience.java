package chat.parley.sendapi.message;

import chat.parley.message.MessageStore;
import chat.parley.ops.Rounds;
import chat.parley.ops.StoreUnavailable;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;

/**
 * Gives up on appends that take longer than {@link MessageStore#RESULT_LIMIT}, for callers of which no thread waits. Looks at all of them a few times a second:
 * cheaper than a timer each, of which almost none would ever ring.
 */
public final class Patience implements AutoCloseable {
    private static final Duration LOOK_EVERY = Duration.ofMillis(250);

    private final Set<Pending> pending = ConcurrentHashMap.newKeySet();
    private final Rounds rounds = new Rounds("send-patience", LOOK_EVERY, this::look);

    /** Not a record: each is only itself. */
    private static final class Pending {
        final long sinceNanos = System.nanoTime();
        final CompletableFuture<?> stored;
        final CompletableFuture<?> told;

        Pending(CompletableFuture<?> stored, CompletableFuture<?> told) {
            this.stored = stored;
            this.told = told;
        }
    }

    private Patience() {}

    /** Starts to look. */
    public static Patience start() {
        var patience = new Patience();
        patience.rounds.start();
        return patience;
    }

    /** Completes both with {@link StoreUnavailable} when {@code told}, which follows {@code stored}, does not come in time. */
    void watch(CompletableFuture<?> stored, CompletableFuture<?> told) {
        var one = new Pending(stored, told);
        pending.add(one);
        var removed = told.whenComplete((outcome, failure) -> pending.remove(one));
        assert removed != null;
    }

    private void look() {
        long now = System.nanoTime();
        for (var one : pending) {
            if (now - one.sinceNanos > MessageStore.RESULT_LIMIT.toNanos()) {
                var late = new StoreUnavailable("messages", new TimeoutException());
                one.stored.completeExceptionally(late); // so that the store need not begin
                one.told.completeExceptionally(late);
            }
        }
    }

    @Override
    public void close() {
        rounds.close();
    }
}
