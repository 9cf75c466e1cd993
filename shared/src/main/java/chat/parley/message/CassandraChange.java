package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.message.CassandraHeads.Head;
import chat.parley.ops.StoreUnavailable;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BatchableStatement;
import com.datastax.oss.driver.api.core.cql.DefaultBatchType;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What may become of messages of one bucket, one thing after another: each looks at the head serially, reads what it needs, and is a conditional batch that names the number of
 * changes it saw. After a timeout a serial read tells whose change the last one was.
 */
final class CassandraChange {
    private static final Duration LIMIT = Duration.ofMillis(4_500);
    private static final Duration MILLISECOND = Duration.ofMillis(1);

    private final Cassandra cassandra;
    private final CassandraHeads heads;
    private final CassandraIntents intents;
    private final PreparedStatement move;
    private final PreparedStatement find;
    private final PreparedStatement update;
    private final PreparedStatement insertChange;
    private final PreparedStatement deleteChange;

    CassandraChange(Cassandra cassandra, CassandraHeads heads, CassandraIntents intents) {
        this.cassandra = cassandra;
        this.heads = heads;
        this.intents = intents;
        this.move = cassandra.prepareWrite("""
                UPDATE message_log SET changes = ?, moved_at = ?, change_by = ? WHERE conversation_id = ? AND bucket = ?
                IF changes = ?""");
        this.find = cassandra.prepareRead("SELECT " + CassandraRows.COLUMNS + " " + """
                FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 0 AND n = ? AND part = '' AND who = 0""");
        this.update = cassandra.prepareWrite("""
                UPDATE message_log
                SET text = ?, details = ?, version = ?, reactions = ?, edited_at = ?, deleted_at = ?, changed_at = ?, client_message_id = ?
                WHERE conversation_id = ? AND bucket = ? AND kind = 0 AND n = ? AND part = '' AND who = 0""");
        this.insertChange = cassandra.prepareWrite("""
                INSERT INTO message_log (conversation_id, bucket, kind, n, part, who, created_at) VALUES (?, ?, 4, ?, '', ?, ?)""");
        this.deleteChange = cassandra.prepareWrite("""
                DELETE FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 4 AND n = ? AND part = '' AND who = ?""");
    }

    /** A try: the bucket as it stands, and the statements that are to be carried out together. */
    static final class Work {
        final ConversationId conversation;
        final Head head;
        final Instant newest;
        private final List<BatchableStatement<?>> statements = new ArrayList<>();
        private @Nullable Instant at;

        Work(ConversationId conversation, Head head, Instant newest) {
            this.conversation = conversation;
            this.head = head;
            this.newest = newest;
        }

        /** Later than all before it, see {@link ChangeTransaction}. */
        Instant time(Instant now) {
            var earliest = newest.plus(MILLISECOND);
            return (now.isBefore(earliest) ? earliest : now).truncatedTo(ChronoUnit.MILLIS);
        }

        void add(BatchableStatement<?> statement) {
            statements.add(statement);
        }

        /** Readers are to be told of it, at this time. */
        void told(Instant time) {
            at = time;
        }
    }

    /** What was done: the answer, and the intent to be ended by publishing; 0 where nothing is to be told. */
    record Done<T>(T answer, long intent) {}

    /**
     * Carries out what {@code plan} adds; again with a new plan where somebody else was first.
     *
     * @param plan answers what is to be answered when its statements are stored; without statements nothing is
     */
    <T> Done<T> run(ConversationId conversation, int bucket, int told, Function<Work, T> plan) {
        long end = System.nanoTime() + LIMIT.toNanos();
        long number = ThreadLocalRandom.current().nextLong();
        while (true) {
            var newest = heads.newestSerially(conversation);
            var head = newest.bucket() == bucket ? Optional.of(newest) : heads.readSerially(conversation, bucket);
            var latest = later(newest.lastAt(), newest.movedAt());
            var work = new Work(
                    conversation,
                    head.orElse(Head.NONE),
                    head.isEmpty() ? latest : later(latest, head.get().movedAt()));
            T answer = plan.apply(work);
            if (work.statements.isEmpty()) {
                return new Done<>(answer, 0);
            }
            long intent = work.at == null ? 0 : intents.begin(conversation);
            if (isStored(work, bucket, number, intent)) {
                if (intent != 0) {
                    intents.ended(intent, told);
                }
                return new Done<>(answer, intent);
            }
            if (intent != 0) {
                intents.ended(intent, 0);
            }
            if (System.nanoTime() > end) {
                throw new StoreUnavailable("cassandra", new IllegalStateException("others were always first"));
            }
            CassandraFence.pause();
        }
    }

    private boolean isStored(Work work, int bucket, long number, long intent) {
        var movedAt = work.at == null ? work.head.movedAt() : work.at;
        var batch = BatchStatement.builder(DefaultBatchType.UNLOGGED)
                .addStatement(move.bind(
                        work.head.nextChange(),
                        movedAt,
                        number,
                        work.conversation.value(),
                        bucket,
                        work.head.changes()));
        work.statements.forEach(batch::addStatement);
        try {
            return cassandra.execute(batch.build()).wasApplied();
        } catch (StoreUnavailable e) {
            try {
                var after = heads.readSerially(work.conversation, bucket).orElse(Head.NONE);
                if (Objects.equals(after.changes(), work.head.changes())) {
                    return false;
                }
                if (after.changes() != null
                        && after.changes() == work.head.nextChange()
                        && after.changeBy() == number) {
                    return true;
                }
            } catch (StoreUnavailable again) {
                e.addSuppressed(again);
            }
            if (intent != 0) {
                intents.unknown(intent);
            }
            throw e; // others went on since, so nobody can tell
        }
    }

    Optional<Message> find(ConversationId conversation, long seq) {
        return Optional.ofNullable(cassandra
                        .execute(find.bind(conversation.value(), CassandraHeads.bucket(seq), seq))
                        .one())
                .map(CassandraRows::message);
    }

    /** Adds what gives a message this body and state, and moves its place in the index of changes. */
    Message changed(Work work, Message message, String clientMessageId, MessageBody body, MessageState state) {
        long conversation = work.conversation.value();
        int bucket = CassandraHeads.bucket(message.seq());
        var at = Objects.requireNonNull(state.changedAt());
        work.add(update.bind(
                body.text(),
                MessageDetails.write(body),
                state.version(),
                state.reactions(),
                state.editedAt(),
                state.deletedAt(),
                at,
                clientMessageId,
                conversation,
                bucket,
                message.seq()));
        var before = message.state().changedAt();
        if (before != null && !before.equals(at)) {
            work.add(deleteChange.bind(conversation, bucket, before.toEpochMilli(), message.seq()));
        }
        work.add(insertChange.bind(conversation, bucket, at.toEpochMilli(), message.seq(), message.createdAt()));
        work.told(at);
        return new Message(
                message.conversation(),
                message.seq(),
                message.sender(),
                clientMessageId,
                body,
                message.createdAt(),
                state);
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }
}
