package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.message.AppendWriter.Draft;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** The clients' keys: of a bucket in its own partition, of full buckets besides in a table where one read finds each. */
final class CassandraKeys {
    /** Without the copy no send of the conversation is stored any more, so it may take longer than senders wait. */
    private static final Duration COPY_LIMIT = Duration.ofMinutes(1);

    private final Cassandra cassandra;
    private final PreparedStatement find;
    private final PreparedStatement findCopy;
    private final PreparedStatement all;
    private final PreparedStatement copy;
    private final PreparedStatement deleteCopy;

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
        this.copy = cassandra.prepareRead("""
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

    /** Copies a full bucket's keys; any number of nodes may do this at once. Afterwards the next bucket may be opened. */
    void copy(ConversationId conversation, int bucket) {
        var copied = names(
                conversation,
                bucket,
                row -> copy.bind(
                        conversation.value(),
                        row.getLong("n"),
                        row.getString("part"),
                        row.getLong("seq"),
                        row.getInstant("created_at"),
                        row.getByteBuffer("body_hash")));
        Cassandra.apart(COPY_LIMIT, () -> cassandra.executeAll(List.copyOf(copied.values())));
        // Who was erased in between may have had no copy yet to be deleted.
        var left = names(conversation, bucket, row -> row).keySet();
        copied.keySet().removeAll(left);
        cassandra.executeAll(copied.keySet().stream()
                .map(gone -> deleteCopy.bind(conversation.value(), gone.sender, gone.clientMessageId))
                .toList());
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
