package chat.parley.sendapi.message;

import chat.parley.message.MessageStore;
import chat.parley.ops.Rounds;
import chat.parley.ops.StoreUnavailable;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;

/**
 * Answers for appends that take long, for callers of which no thread waits: what is stored is answered as stored, though nobody was told of it yet, and what may
 * or may not be is given up. Looks at all of them a few times a second: cheaper than a timer each, of which almost none would ever ring.
 */
public final class Patience implements AutoCloseable {
    private static final Duration LOOK_EVERY = Duration.ofMillis(250);

    /** Redis tells in milliseconds, and who speaks to it gives up after 2 s. Whatever is not told then is told by the relay. */
    static final Duration TOLD_LIMIT = Duration.ofSeconds(2);

    private final Set<Pending<?>> pending = ConcurrentHashMap.newKeySet();
    private final Rounds rounds = new Rounds("send-patience", LOOK_EVERY, this::look);

    /** Not a record: each is only itself. */
    private static final class Pending<T> {
        private final long sinceNanos = System.nanoTime();
        private final CompletableFuture<T> stored;
        private final CompletableFuture<T> told;

        Pending(CompletableFuture<T> stored, CompletableFuture<T> told) {
            this.stored = stored;
            this.told = told;
        }

        void look(long nowNanos) {
            long waited = nowNanos - sinceNanos;
            if (stored.state() == Future.State.SUCCESS) {
                if (waited > TOLD_LIMIT.toNanos()) {
                    told.complete(stored.resultNow());
                }
            } else if (waited > MessageStore.RESULT_LIMIT.toNanos()) {
                var late = new StoreUnavailable("messages", new TimeoutException());
                stored.completeExceptionally(late); // so that the store need not begin
                told.completeExceptionally(late);
            }
        }
    }

    private Patience() {}

    /** Starts to look. */
    public static Patience start() {
        var patience = new Patience();
        patience.rounds.start();
        return patience;
    }

    /**
     * Completes {@code told}, which follows {@code stored}, in any case: as {@code stored} {@link #TOLD_LIMIT} after this call where that is known, and both with
     * {@link StoreUnavailable} where it is not after {@link MessageStore#RESULT_LIMIT}.
     */
    <T> void watch(CompletableFuture<T> stored, CompletableFuture<T> told) {
        var one = new Pending<>(stored, told);
        pending.add(one);
        var removed = told.whenComplete((outcome, failure) -> pending.remove(one));
        assert removed != null;
    }

    private void look() {
        long now = System.nanoTime();
        pending.forEach(one -> one.look(now));
    }

    @Override
    public void close() {
        rounds.close();
    }
}
