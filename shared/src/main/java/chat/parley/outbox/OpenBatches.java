package chat.parley.outbox;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The rows of {@code outbox_batch} that this process wrote a short while ago, and which of their messages are published since. Safe for use by many threads.
 */
final class OpenBatches {
    private final TreeMap<Long, Batch> byFirst = new TreeMap<>();

    private static final class Batch {
        private final long first;
        private final boolean[] published;
        private final long begunNanos;
        private int left;

        Batch(long first, int size, long begunNanos) {
            this.first = first;
            this.published = new boolean[size];
            this.begunNanos = begunNanos;
            this.left = size;
        }
    }

    /** A row that is to go: that of a batch, or of one message or another change. */
    record Done(long id, boolean ofBatch) {}

    /** Messages with the ids {@code first} to {@code first + size - 1} were committed. */
    synchronized void begin(long first, int size, long nowNanos) {
        byFirst.put(first, new Batch(first, size, nowNanos));
    }

    /** What was remembered under this id is published. Answers what is to go; null while others of its batch are not published. */
    synchronized @Nullable Done publish(long id) {
        var entry = byFirst.floorEntry(id);
        if (entry == null || id - entry.getKey() >= entry.getValue().published.length) {
            return new Done(id, false);
        }
        var batch = entry.getValue();
        int place = (int) (id - batch.first);
        if (!batch.published[place]) {
            batch.published[place] = true;
            batch.left--;
        }
        if (batch.left > 0) {
            return null;
        }
        byFirst.remove(batch.first);
        return new Done(batch.first, true);
    }

    /** @param published ids of messages that need no row any more */
    record Partly(List<Long> batches, List<Long> published) {}

    /**
     * Forgets the batches begun at {@code untilNanos} or before: whoever publishes what is left of them is not this process's senders. Answers those of which
     * something is published.
     */
    synchronized Partly forget(long untilNanos) {
        var partly = new Partly(new ArrayList<>(), new ArrayList<>());
        var batches = byFirst.values().iterator();
        while (batches.hasNext()) {
            var batch = batches.next();
            if (batch.begunNanos - untilNanos > 0) {
                break; // ids are given in the order of commits, nearly
            }
            batches.remove();
            if (batch.left < batch.published.length) {
                partly.batches.add(batch.first);
                for (int i = 0; i < batch.published.length; i++) {
                    if (batch.published[i]) {
                        partly.published.add(batch.first + i);
                    }
                }
            }
        }
        return partly;
    }
}
