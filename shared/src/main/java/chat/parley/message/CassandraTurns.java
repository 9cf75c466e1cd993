package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.ops.StoreUnavailable;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** What this node stores in one conversation goes one after another: two conditional writes of a partition at once cost each other rounds in the ring. */
final class CassandraTurns {
    /** Of the number of locks: many more than are at work at once, so that hardly ever two conversations share one. */
    private static final int BITS = 12;

    /** 2^64 over the golden ratio: ids have a time in front and often zeros behind, and this spreads them over the highest bits. */
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private final ReentrantLock[] locks = new ReentrantLock[1 << BITS];

    CassandraTurns() {
        Arrays.setAll(locks, unused -> new ReentrantLock(true));
    }

    /** Runs {@code work}, waiting included, {@link Cassandra#within} the limit. */
    <T> T take(ConversationId conversation, Duration limit, Supplier<T> work) {
        return Cassandra.within(limit, () -> {
            var lock = locks[(int) ((conversation.value() * SPREAD) >>> (Long.SIZE - BITS))];
            waitFor(lock);
            try {
                return work.get();
            } finally {
                lock.unlock();
            }
        });
    }

    private static void waitFor(ReentrantLock lock) {
        try {
            if (!lock.tryLock(Cassandra.left().toNanos(), TimeUnit.NANOSECONDS)) {
                throw new StoreUnavailable("cassandra", new IllegalStateException("those before took too long"));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailable("cassandra", e);
        }
    }
}
