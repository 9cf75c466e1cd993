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
    /** Many more than are at work at once, so that hardly ever two conversations share one. */
    private static final int LOCKS = 4_096;

    private final ReentrantLock[] locks = new ReentrantLock[LOCKS];

    CassandraTurns() {
        Arrays.setAll(locks, unused -> new ReentrantLock(true));
    }

    /** Runs {@code work}, waiting included, {@link Cassandra#within} the limit. */
    <T> T take(ConversationId conversation, Duration limit, Supplier<T> work) {
        return Cassandra.within(limit, () -> {
            var lock = locks[Math.floorMod(conversation.hashCode(), LOCKS)];
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
