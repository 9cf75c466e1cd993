package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Which bucket of a conversation is the newest, and what its head says. Once a bucket is full its head's seq, time and fence never change again. */
final class CassandraHeads {
    /** Seqs of one partition: some megabytes, which Cassandra reads, compacts and repairs in one piece. */
    static final int BUCKET_SEQS = 5_000;

    /** Some 150 bytes each. What is not here costs one read. */
    private static final int CACHED_MAX = 100_000;

    private static final String COLUMNS =
            "conversation_id, bucket, last_seq, last_at, members_version, changes, moved_at, change_by";

    private final Cassandra cassandra;
    private final PreparedStatement read;
    private final Cache<ConversationId, Head> newest =
            Caffeine.newBuilder().maximumSize(CACHED_MAX).build();

    /**
     * The static columns of a bucket.
     *
     * @param lastSeq null for a bucket that is not there yet
     * @param membersVersion the fence
     * @param changes null before the first change
     * @param changeBy random numbers of the last changes, the newest last: whose they were
     */
    record Head(
            int bucket,
            @Nullable Long lastSeq,
            Instant lastAt,
            @Nullable Long membersVersion,
            @Nullable Long changes,
            Instant movedAt,
            List<Long> changeBy) {

        /** What comes before the first message of a conversation. */
        static final Head NONE = new Head(0, null, Instant.EPOCH, null, null, Instant.EPOCH, List.of());

        long last() {
            return lastSeq == null ? first(bucket) - 1 : lastSeq;
        }

        boolean isFull() {
            return last() == end(bucket);
        }

        /** Without what only a serial read's answer is asked for. */
        Head small() {
            return new Head(bucket, lastSeq, lastAt, membersVersion, changes, movedAt, List.of());
        }

        long nextChange() {
            return changes == null ? 1 : changes + 1;
        }
    }

    CassandraHeads(Cassandra cassandra) {
        this.cassandra = cassandra;
        this.read = cassandra.prepareRead(
                "SELECT DISTINCT " + COLUMNS + " FROM message_log WHERE conversation_id = ? AND bucket = ?");
    }

    /** Also of a seq that no conversation ever reaches, which callers of the API may name: then of a bucket that is not there. */
    static int bucket(long seq) {
        return (int) Math.min(seq / BUCKET_SEQS, Integer.MAX_VALUE);
    }

    static long first(int bucket) {
        return bucket == 0 ? 1 : (long) bucket * BUCKET_SEQS;
    }

    static long end(int bucket) {
        return (bucket + 1L) * BUCKET_SEQS - 1;
    }

    BoundStatement reading(ConversationId conversation, int bucket) {
        return read.bind(conversation.value(), bucket);
    }

    /** As a quorum has it. */
    Optional<Head> read(ConversationId conversation, int bucket) {
        return Optional.ofNullable(
                head(cassandra.execute(reading(conversation, bucket)).one()));
    }

    /**
     * With what is under way brought to its end first: afterwards a quorum has all that this head tells of, so reads of other rows see no less. A
     * plain read repairs only the rows that it reads.
     */
    Optional<Head> readSerially(ConversationId conversation, int bucket) {
        var statement = Cassandra.serially(reading(conversation, bucket));
        return Optional.ofNullable(head(cassandra.execute(statement).one()));
    }

    static @Nullable Head head(@Nullable Row row) {
        if (row == null) {
            return null;
        }
        return new Head(
                row.getInt("bucket"),
                row.isNull("last_seq") ? null : row.getLong("last_seq"),
                orEpoch(row.getInstant("last_at")),
                row.isNull("members_version") ? null : row.getLong("members_version"),
                row.isNull("changes") ? null : row.getLong("changes"),
                orEpoch(row.getInstant("moved_at")),
                Objects.requireNonNull(row.getList("change_by", Long.class)));
    }

    private static Instant orEpoch(@Nullable Instant time) {
        return time == null ? Instant.EPOCH : time;
    }

    /** The newest bucket as this node last saw it, else as a quorum has it; {@link Head#NONE} for none. It may be behind: a condition must check it. */
    Head lately(ConversationId conversation) {
        var known = newest.getIfPresent(conversation);
        return known != null ? known : newest(conversation);
    }

    /** The newest bucket as a quorum has it. */
    Head newest(ConversationId conversation) {
        return search(conversation, false);
    }

    /** The newest bucket, see {@link #readSerially}. */
    Head newestSerially(ConversationId conversation) {
        return search(conversation, true);
    }

    /** When a message changed last in any bucket up to this newest one, see {@link #readSerially}. */
    Instant movedSerially(ConversationId conversation, Head newest) {
        var reads = IntStream.range(0, newest.bucket())
                .mapToObj(bucket -> Cassandra.serially(reading(conversation, bucket)))
                .toList();
        var movedAt = newest.movedAt();
        for (var rows : cassandra.executeAll(reads)) {
            var head = rows.isEmpty() ? Head.NONE : Objects.requireNonNull(head(rows.getFirst()));
            movedAt = head.movedAt().isAfter(movedAt) ? head.movedAt() : movedAt;
        }
        return movedAt;
    }

    /** From the newest known one on, in steps that double and then halve: buckets are opened one after another. */
    private Head search(ConversationId conversation, boolean serially) {
        var known = newest.getIfPresent(conversation);
        int start = known == null ? 0 : known.bucket();
        var found = one(conversation, start, serially);
        if (found.isEmpty()) {
            return Head.NONE;
        }
        var best = found.get();
        int step = 1;
        boolean grows = true;
        while (best.isFull()) {
            var next = one(conversation, best.bucket() + step, serially);
            if (next.isPresent()) {
                best = next.get();
                step = grows ? step * 2 : Math.max(1, step / 2);
            } else if (step == 1) {
                break;
            } else {
                grows = false;
                step /= 2;
            }
        }
        remember(conversation, best);
        return best;
    }

    /** The newest buckets of many, read at once; conversations without any are left out. */
    Map<ConversationId, Head> newest(Collection<ConversationId> conversations) {
        var wanted = List.copyOf(Set.copyOf(conversations));
        var answers = cassandra.executeAll(wanted.stream()
                .map(conversation -> {
                    var known = newest.getIfPresent(conversation);
                    return reading(conversation, known == null ? 0 : known.bucket());
                })
                .toList());
        var found = new HashMap<ConversationId, Head>();
        for (int i = 0; i < wanted.size(); i++) {
            var conversation = wanted.get(i);
            var head = answers.get(i).isEmpty() ? null : head(answers.get(i).getFirst());
            if (head != null && head.isFull()) {
                head = newest(conversation); // of the few that have further buckets
            }
            if (head != null && head.lastSeq() != null) {
                remember(conversation, head);
                found.put(conversation, head);
            }
        }
        return found;
    }

    private Optional<Head> one(ConversationId conversation, int bucket, boolean serially) {
        return serially ? readSerially(conversation, bucket) : read(conversation, bucket);
    }

    void remember(ConversationId conversation, Head head) {
        newest.asMap().merge(conversation, head.small(), (a, b) -> b.last() >= a.last() ? b : a);
    }
}
