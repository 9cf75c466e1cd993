package chat.parley.id;

import chat.parley.ops.StoreUnavailable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives out new ids: 42 bits of milliseconds, 10 bits of node, 12 bits of counter.
 *
 * <p>Node and milliseconds come from an {@link IdRange} that nobody else has, and never from outside of it. So no two ids are the same, whatever the clocks say,
 * however long this process stood still, and whoever runs beside it. Clocks decide only which millisecond of the range it is, and when to ask for the next range:
 * ids sort by time as well as the clocks do. Those of one source only grow.
 *
 * <p>Safe for use by many threads. A method blocks when a range is to be asked for, about once a minute; it throws {@link StoreUnavailable} when there is none.
 */
public final class IdSource {
    private static final int NODE_SHIFT = 12;
    private static final int TIME_SHIFT = 22;
    private static final int COUNTS = 1 << NODE_SHIFT;

    private static final long NANOS_PER_MILLI = 1_000_000;

    /** Not an id: the range is used up. */
    private static final long NONE = 0;

    /** A range that is over when it arrives, so often in turn, was a long time on its way each time: the process hardly runs. */
    private static final int RANGES_TRIED_MAX = 5;

    private final LongFunction<IdRange> ranges;
    private final LongSupplier nanos;

    private @Nullable IdRange range;
    private long rangeSince;
    private long lastMillis;
    private int count;
    /** Under way while somebody asks for a range: those who need one too wait for the same. */
    private @Nullable CompletableFuture<Void> asking;

    /**
     * Asks for nothing before the first id is wanted.
     *
     * @param ranges grants a range that begins at the given millisecond or later, see {@link IdRanges#grant}
     * @param nanos a clock that only measures, as {@link System#nanoTime}
     */
    public IdSource(LongFunction<IdRange> ranges, LongSupplier nanos) {
        this.ranges = ranges;
        this.nanos = nanos;
    }

    /** A new user id. */
    public UserId user() {
        return new UserId(next());
    }

    /** A new conversation id. */
    public ConversationId conversation() {
        return new ConversationId(next());
    }

    /** A new session id. */
    public SessionId session() {
        return new SessionId(next());
    }

    /** A new media id. */
    public MediaId media() {
        return new MediaId(next());
    }

    private long next() {
        for (int tried = 0; tried <= RANGES_TRIED_MAX; tried++) {
            long id = ofRange();
            if (id != NONE) {
                return id;
            }
            awaitRange();
        }
        throw new StoreUnavailable("ids", new IllegalStateException("each range was over when it arrived"));
    }

    private synchronized long ofRange() {
        var current = range;
        if (current == null) {
            return NONE;
        }
        long millis = Math.max(lastMillis, current.from() + (nanos.getAsLong() - rangeSince) / NANOS_PER_MILLI);
        if (millis > lastMillis) {
            count = 0;
        } else if (++count == COUNTS) {
            millis++;
            count = 0;
        }
        if (millis >= current.to()) {
            range = null;
            return NONE;
        }
        lastMillis = millis;
        return ((millis - IdRange.EPOCH_MILLIS) << TIME_SHIFT) | ((long) current.node() << NODE_SHIFT) | count;
    }

    private void awaitRange() {
        CompletableFuture<Void> attempt;
        boolean isMine = false;
        long notBefore;
        synchronized (this) {
            if (range != null) {
                return; // somebody else was faster
            }
            if (asking == null) {
                asking = new CompletableFuture<>();
                isMine = true;
            }
            attempt = asking;
            notBefore = lastMillis + 1;
        }
        if (isMine) {
            ask(attempt, notBefore);
            return;
        }
        try {
            attempt.join(); // as long as PostgreSQL's time limits allow
        } catch (CompletionException e) {
            throw new StoreUnavailable("ids", e);
        }
    }

    private void ask(CompletableFuture<Void> attempt, long notBefore) {
        try {
            var granted = ranges.apply(notBefore);
            synchronized (this) {
                range = granted;
                rangeSince = nanos.getAsLong();
                asking = null;
            }
            attempt.complete(null);
        } catch (RuntimeException | Error e) {
            synchronized (this) {
                asking = null;
            }
            attempt.completeExceptionally(e);
            throw e;
        }
    }
}
