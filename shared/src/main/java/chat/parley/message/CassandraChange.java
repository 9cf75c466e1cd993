package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.message.CassandraHeads.Head;
import chat.parley.ops.StoreUnavailable;
import com.datastax.oss.driver.api.core.cql.BatchableStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What may become of messages of one bucket, one thing after another: each looks at the head serially, reads what it needs, and is a conditional batch that names the number of
 * changes it saw. After a timeout a serial read tells whose the last changes were.
 */
final class CassandraChange {
    private static final Duration LIMIT = Duration.ofMillis(4_500);
    private static final Duration MILLISECOND = Duration.ofMillis(1);

    /** For {@code told}: nobody publishes it at once, a relay does. */
    static final int BY_RELAY = -1;

    /** So many changes back it can be told whose they were: more than others make in one bucket while a node that died is noticed. */
    private static final int REMEMBERED = 32;

    private final Cassandra cassandra;
    private final CassandraHeads heads;
    private final CassandraIntents intents;
    private final CassandraTurns turns;
    private final CassandraMeters meters;
    private final CassandraRivals rivals;
    private final PreparedStatement move;
    private final PreparedStatement find;
    private final PreparedStatement update;
    private final PreparedStatement insertChange;
    private final PreparedStatement deleteChange;

    CassandraChange(
            Cassandra cassandra,
            CassandraHeads heads,
            CassandraIntents intents,
            CassandraTurns turns,
            CassandraMeters meters,
            CassandraRivals rivals) {
        this.meters = meters;
        this.rivals = rivals;
        this.cassandra = cassandra;
        this.heads = heads;
        this.intents = intents;
        this.turns = turns;
        this.move = cassandra.prepareWrite("""
                UPDATE message_log SET changes = ?, moved_at = ?, change_by = ? WHERE conversation_id = ? AND bucket = ?
                IF changes = ? AND members_version = ?""");
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

        /** Of the newest bucket. */
        final Head newest;

        /** Of the bucket that is changed. */
        final Head head;

        private final List<BatchableStatement<?>> statements = new ArrayList<>();
        private @Nullable Instant at;

        Work(ConversationId conversation, Head newest, Head head) {
            this.conversation = conversation;
            this.newest = newest;
            this.head = head;
        }

        /** Later than all before it, see {@link ChangeTransaction}. */
        Instant time(Instant now) {
            var before = later(newest.lastAt(), later(newest.movedAt(), head.movedAt()));
            var earliest = before.plus(MILLISECOND);
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

    /** What one call knows of its tries. */
    private static final class Tries<T> {
        /** What is to be answered if the try of this number is the one that was stored. */
        final Map<Long, T> answers = new HashMap<>();

        /** The number of changes that the first try would have made. */
        long first;

        long intent;
        int stored;
        boolean isUnknown;

        /** When readers see the latest try as changed. */
        @Nullable
        Instant at;
    }

    /**
     * Carries out what {@code plan} adds; again with a new plan where somebody else was first.
     *
     * @param told how many publications follow
     * @param plan answers what is to be answered when its statements are stored; without statements nothing is
     */
    <T> Done<T> run(ConversationId conversation, int bucket, int told, Function<Work, T> plan) {
        return turns.take(conversation, LIMIT, () -> {
            var tries = new Tries<T>();
            rivals.leaveRoom(conversation, false);
            try {
                return run(conversation, bucket, told, plan, tries);
            } finally {
                if (tries.intent != 0) {
                    if (tries.at != null) {
                        intents.changed(tries.intent, tries.at);
                    }
                    boolean isLeft = tries.isUnknown || told == BY_RELAY;
                    intents.ended(tries.intent, Math.max(0, tries.stored), isLeft);
                }
            }
        });
    }

    private <T> Done<T> run(ConversationId conversation, int bucket, int told, Function<Work, T> plan, Tries<T> tries) {
        while (true) {
            var work = look(conversation, bucket);
            for (long number : work.head.changeBy()) {
                if (tries.answers.containsKey(number)) {
                    tries.stored = told;
                    return new Done<>(tries.answers.get(number), tries.intent);
                }
            }
            if (!tries.answers.isEmpty() && work.head.nextChange() - tries.first > REMEMBERED) {
                throw new StoreUnavailable("cassandra", new IllegalStateException("too many changes since"));
            }
            T answer = plan.apply(work);
            if (work.statements.isEmpty()) {
                return new Done<>(answer, 0);
            }
            if (tries.intent == 0 && work.at != null) {
                tries.intent = intents.begin(conversation);
            }
            tries.at = work.at == null ? tries.at : work.at;
            long number = ThreadLocalRandom.current().nextLong();
            if (tries.answers.isEmpty()) {
                tries.first = work.head.nextChange();
            }
            tries.answers.put(number, answer);
            try {
                if (isStored(work, bucket, number)) {
                    tries.stored = told;
                    return new Done<>(answer, tries.intent);
                }
                meters.contention().increment();
                rivals.met(conversation);
                if (Cassandra.left().isNegative()) {
                    throw new StoreUnavailable("cassandra", new IllegalStateException("others were always first"));
                }
            } catch (StoreUnavailable e) {
                tries.isUnknown = true;
                meters.unknown().increment();
                if (!Cassandra.hasPaused()) {
                    throw e;
                }
                // The next look tells.
            } catch (RuntimeException e) {
                tries.isUnknown = true; // whatever it was, it may have been stored
                throw e;
            }
        }
    }

    private Work look(ConversationId conversation, int bucket) {
        var newest = heads.newestSerially(conversation);
        var head = newest.bucket() == bucket
                ? newest
                : heads.readSerially(conversation, bucket).orElse(Head.NONE);
        return new Work(conversation, newest, head);
    }

    private boolean isStored(Work work, int bucket, long number) {
        var movedAt = work.at == null ? work.head.movedAt() : work.at;
        var numbers = new ArrayList<>(work.head.changeBy());
        numbers.add(number);
        var batch = Cassandra.batch()
                .addStatement(move.bind(
                        work.head.nextChange(),
                        movedAt,
                        numbers.subList(Math.max(0, numbers.size() - REMEMBERED), numbers.size()),
                        work.conversation.value(),
                        bucket,
                        work.head.changes(),
                        work.head.membersVersion()));
        work.statements.forEach(batch::addStatement);
        return cassandra.execute(batch.build()).wasApplied();
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
