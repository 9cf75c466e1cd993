package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.message.AppendWriter.Draft;
import chat.parley.ops.StoreUnavailable;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The clients' keys: of a bucket in its own partition, of full buckets besides in a table where one read finds each. */
final class CassandraKeys {
    /** Without the copy no send of the conversation is stored any more, so it goes on longer than senders wait. */
    private static final Duration COPY_LIMIT = Duration.ofMinutes(1);

    /** How many seqs before the end of a bucket its keys are begun to be copied. */
    private static final int EARLY = 500;

    /** Each time one caller's limit of {@link Cassandra#executeAll} begins anew. */
    private static final int COPIED_AT_ONCE = 200;

    /** Buckets of which it is known how far they are copied; of the others it is begun anew. */
    private static final int COPIES_MAX = 1_000;

    private final Cassandra cassandra;
    private final PreparedStatement find;
    private final PreparedStatement findCopy;
    private final PreparedStatement all;
    private final PreparedStatement insertCopy;
    private final PreparedStatement deleteCopy;

    private final Cache<Bucket, Copy> copies =
            Caffeine.newBuilder().maximumSize(COPIES_MAX).build();

    private record Bucket(ConversationId conversation, int number) {}

    /** How far a bucket's keys are copied by this node. */
    private static final class Copy {
        final ReentrantLock turn = new ReentrantLock();

        /** Whose keys may have been erased while they were copied; under {@link #turn}. */
        final Set<Name> unchecked = new HashSet<>();

        long upTo; // under turn

        long to; // under this copy's monitor, as the next

        @Nullable
        CompletableFuture<Void> running;
    }

    /** A key within its conversation. */
    record Name(long sender, String clientMessageId) {
        static Name of(Draft draft) {
            return new Name(draft.message().sender().value(), draft.message().clientMessageId());
        }

        /** Of a row of {@code message_log} that is a key. */
        static Name of(Row row) {
            return new Name(row.getLong("n"), Objects.requireNonNull(row.getString("part")));
        }
    }

    CassandraKeys(Cassandra cassandra) {
        this.cassandra = cassandra;
        this.find = cassandra.prepareRead("""
                SELECT seq, created_at, body_hash, stored_by FROM message_log
                WHERE conversation_id = ? AND bucket = ? AND kind = 1 AND n = ? AND part = ? AND who = 0""");
        this.findCopy = cassandra.prepareRead("""
                SELECT seq, created_at, body_hash FROM message_key
                WHERE conversation_id = ? AND sender_id = ? AND client_id = ?""");
        this.all = cassandra.prepareRead("""
                SELECT n, part, seq, created_at, body_hash FROM message_log
                WHERE conversation_id = ? AND bucket = ? AND kind = 1""");
        this.insertCopy = cassandra.prepareRead("""
                INSERT INTO message_key (conversation_id, sender_id, client_id, seq, created_at, body_hash)
                VALUES (?, ?, ?, ?, ?, ?)""");
        this.deleteCopy = cassandra.prepareRead(
                "DELETE FROM message_key WHERE conversation_id = ? AND sender_id = ? AND client_id = ?");
    }

    /** Gives {@code found} those of the drafts whose keys are in this bucket, by seq, and takes them out of the list. */
    void inBucket(ConversationId conversation, int bucket, List<Draft> drafts, BiConsumer<Draft, Row> found) {
        look(
                drafts,
                draft -> find.bind(
                        conversation.value(),
                        bucket,
                        draft.message().sender().value(),
                        draft.message().clientMessageId()),
                found);
    }

    /** The same for the buckets that are full. */
    void inFullBuckets(ConversationId conversation, List<Draft> drafts, BiConsumer<Draft, Row> found) {
        look(
                drafts,
                draft -> findCopy.bind(
                        conversation.value(),
                        draft.message().sender().value(),
                        draft.message().clientMessageId()),
                found);
    }

    private record Hit(Draft draft, Row row) {}

    private void look(List<Draft> drafts, Function<Draft, BoundStatement> statement, BiConsumer<Draft, Row> found) {
        var answers = cassandra.executeAll(drafts.stream().map(statement).toList());
        var hits = new ArrayList<Hit>();
        for (int i = 0; i < answers.size(); i++) {
            if (!answers.get(i).isEmpty()) {
                hits.add(new Hit(drafts.get(i), answers.get(i).getFirst()));
            }
        }
        hits.sort(Comparator.comparingLong(hit -> hit.row.getLong("seq")));
        for (var hit : hits) {
            found.accept(hit.draft, hit.row);
            drafts.remove(hit.draft);
        }
    }

    /**
     * Copies a full bucket's keys; any number of nodes may do this at once. Afterwards the next bucket may be opened. The copying goes on when its caller waits no
     * longer, so the next one finds it further.
     *
     * @throws StoreUnavailable when it is not finished in the time that the caller has
     */
    void copy(ConversationId conversation, int bucket) {
        var copying = copying(conversation, bucket, CassandraHeads.end(bucket));
        try {
            copying.get(Math.max(0, Cassandra.left().toNanos()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new StoreUnavailable("cassandra", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreUnavailable) {
                throw new StoreUnavailable("cassandra", e);
            }
            throw new IllegalStateException("keys could not be copied", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailable("cassandra", e);
        }
    }

    /** Begins to copy in the background when a bucket is nearly full, so that little is left when it is. {@code last} was stored by this node just now. */
    void copyEarly(ConversationId conversation, int bucket, long last) {
        if (last >= CassandraHeads.end(bucket) - EARLY
                && copies.getIfPresent(new Bucket(conversation, bucket)) == null) {
            var ignored = copying(conversation, bucket, last);
            assert ignored != null;
        }
    }

    private CompletableFuture<Void> copying(ConversationId conversation, int bucket, long to) {
        var copy = copies.get(new Bucket(conversation, bucket), unused -> new Copy());
        synchronized (copy) {
            var begun = copy.running;
            if (begun != null && copy.to >= to && !begun.isCompletedExceptionally()) {
                return begun;
            }
            var fresh = CompletableFuture.runAsync(
                    () -> copy(conversation, bucket, copy, to),
                    task -> Thread.ofVirtual().name("copy").start(task));
            copy.running = fresh;
            copy.to = to;
            return fresh;
        }
    }

    /** In the order of seqs, so that what is copied is known by one number: no key up to there is added later. */
    private void copy(ConversationId conversation, int bucket, Copy copy, long to) {
        copy.turn.lock();
        try {
            Cassandra.apart(COPY_LIMIT, () -> {
                var rows = names(conversation, bucket, row -> row).values().stream()
                        .filter(row -> row.getLong("seq") > copy.upTo && row.getLong("seq") <= to)
                        .sorted(Comparator.comparingLong(row -> row.getLong("seq")))
                        .toList();
                for (int i = 0; i < rows.size(); i += COPIED_AT_ONCE) {
                    var some = rows.subList(i, Math.min(rows.size(), i + COPIED_AT_ONCE));
                    some.forEach(row -> copy.unchecked.add(Name.of(row)));
                    cassandra.executeAll(
                            some.stream().map(row -> copied(conversation, row)).toList());
                    copy.upTo = some.getLast().getLong("seq");
                }
                // Who was erased in between may have had no copy yet to be deleted.
                copy.unchecked.removeAll(names(conversation, bucket, row -> row).keySet());
                cassandra.executeAll(copy.unchecked.stream()
                        .map(gone -> deleteCopy.bind(conversation.value(), gone.sender, gone.clientMessageId))
                        .toList());
                copy.unchecked.clear();
                copy.upTo = to;
                return to;
            });
        } finally {
            copy.turn.unlock();
        }
    }

    private BoundStatement copied(ConversationId conversation, Row row) {
        return insertCopy.bind(
                conversation.value(),
                row.getLong("n"),
                row.getString("part"),
                row.getLong("seq"),
                row.getInstant("created_at"),
                row.getByteBuffer("body_hash"));
    }

    /** The keys of a bucket that are not erased. */
    private <T> Map<Name, T> names(ConversationId conversation, int bucket, Function<Row, T> value) {
        var names = new HashMap<Name, T>();
        for (var row : cassandra.execute(all.bind(conversation.value(), bucket))) {
            var hash = row.getByteBuffer("body_hash");
            if (hash != null && hash.hasRemaining()) { // else its key is nobody's
                names.put(Name.of(row), value.apply(row));
            }
        }
        return names;
    }
}
