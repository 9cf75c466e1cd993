package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.message.AppendOutcome.AlreadyStored;
import chat.parley.message.AppendOutcome.KeyReused;
import chat.parley.message.AppendOutcome.RosterChanged;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.AppendWriter.Draft;
import chat.parley.message.CassandraHeads.Head;
import chat.parley.ops.StoreUnavailable;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.DefaultBatchType;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Stores messages of one conversation by a conditional batch: it names the head and the fence it was made for, and each key must be new. So it is stored whole or not at all, and
 * whoever comes second looks again. After a timeout a serial read decides: the keys carry the number of the batch that stored them.
 */
final class CassandraAppend {
    /** Below the wait of the sender, see {@link MessageStore#RESULT_LIMIT}. */
    private static final Duration LIMIT = Duration.ofMillis(4_500);

    private final Cassandra cassandra;
    private final CassandraHeads heads;
    private final CassandraFence fence;
    private final CassandraKeys keys;
    private final CassandraIntents intents;
    private final InstantSource clock;
    private final PreparedStatement move;
    private final PreparedStatement insertKey;
    private final PreparedStatement insertMessage;

    CassandraAppend(
            Cassandra cassandra,
            CassandraHeads heads,
            CassandraFence fence,
            CassandraKeys keys,
            CassandraIntents intents,
            InstantSource clock) {
        this.cassandra = cassandra;
        this.heads = heads;
        this.fence = fence;
        this.keys = keys;
        this.intents = intents;
        this.clock = clock;
        this.move = cassandra.prepareWrite("""
                UPDATE message_log SET last_seq = ?, last_at = ?, members_version = ? WHERE conversation_id = ? AND bucket = ?
                IF last_seq = ? AND members_version = ?""");
        this.insertKey = cassandra.prepareWrite("""
                INSERT INTO message_log (conversation_id, bucket, kind, n, part, who, seq, created_at, body_hash, stored_by)
                VALUES (?, ?, 1, ?, ?, 0, ?, ?, ?, ?) IF NOT EXISTS""");
        this.insertMessage = cassandra.prepareWrite("""
                INSERT INTO message_log
                    (conversation_id, bucket, kind, n, part, who, sender_id, client_message_id, created_at, version, text, details)
                VALUES (?, ?, 0, ?, '', 0, ?, ?, ?, 1, ?, ?)""");
    }

    /** What is known of a batch while it is tried. */
    private static final class Attempt {
        final ConversationId conversation;
        final long number = ThreadLocalRandom.current().nextLong();
        final long end = System.nanoTime() + LIMIT.toNanos();
        List<Draft> drafts;
        long intent;

        Attempt(ConversationId conversation, List<Draft> drafts) {
            this.conversation = conversation;
            this.drafts = new ArrayList<>(drafts);
        }
    }

    /** Completes the results; an exception leaves those open that it is about. */
    void run(ConversationId conversation, List<Draft> drafts) {
        var attempt = new Attempt(conversation, drafts);
        var head = heads.lately(conversation);
        boolean isFresh = false; // the head was read serially, so what a quorum says of keys is all there is
        while (!attempt.drafts.isEmpty()) {
            var now = head;
            if (attempt.drafts.stream()
                    .anyMatch(each ->
                            !Objects.equals(now.membersVersion(), each.message().membersVersion()))) {
                if (!isFresh) {
                    head = heads.newestSerially(conversation);
                    isFresh = true;
                    known(attempt, head);
                    continue;
                }
                head = fence.reconciled(conversation, head);
                refuseOlder(attempt, head);
                continue;
            }
            if (head.isFull()) {
                keys.copy(conversation, head.bucket());
                head = new Head(head.bucket() + 1, null, head.lastAt(), head.membersVersion(), null, Instant.EPOCH, 0);
                known(attempt, head);
                continue;
            }
            var after = tried(attempt, head, isFresh);
            isFresh = after == null;
            head = after == null ? heads.newestSerially(conversation) : after;
            if (after == null) {
                known(attempt, head);
                CassandraFence.pause();
            }
        }
    }

    private void refuseOlder(Attempt attempt, Head head) {
        attempt.drafts.removeIf(draft -> {
            boolean isOlder =
                    !Objects.equals(head.membersVersion(), draft.message().membersVersion());
            if (isOlder) {
                draft.result().complete(new RosterChanged());
            }
            return isOlder;
        });
    }

    /** Tries to store as many as there is room for; the head afterwards, null where it must be read anew. */
    private @Nullable Head tried(Attempt attempt, Head head, boolean keysAreKnown) {
        if (head.bucket() > 0 && !keysAreKnown) {
            keys.inFullBuckets(attempt.conversation, attempt.drafts, this::answer);
            if (attempt.drafts.isEmpty()) {
                return head;
            }
        }
        int room = (int) Math.min(attempt.drafts.size(), CassandraHeads.end(head.bucket()) - head.last());
        var fitting = List.copyOf(attempt.drafts.subList(0, room));
        var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        var at = now.isBefore(head.lastAt()) ? head.lastAt() : now;
        var batch = batch(attempt, head, fitting, at);
        attempt.intent = intents.begin(attempt.conversation);
        boolean isStored;
        try {
            isStored = cassandra.execute(batch).wasApplied();
        } catch (StoreUnavailable e) {
            intents.unknown(attempt.intent);
            if (System.nanoTime() > attempt.end) {
                throw e;
            }
            return null; // unknown: a serial read decides
        } catch (RuntimeException e) {
            intents.ended(attempt.intent, 0);
            throw e;
        }
        intents.ended(attempt.intent, isStored ? fitting.size() : 0);
        if (!isStored) {
            if (System.nanoTime() > attempt.end) {
                throw new StoreUnavailable("cassandra", new IllegalStateException("others were always first"));
            }
            return null;
        }
        var after = new Head(
                head.bucket(),
                head.last() + room,
                at,
                head.membersVersion(),
                head.changes(),
                head.movedAt(),
                head.changeBy());
        heads.remember(attempt.conversation, after);
        for (int i = 0; i < room; i++) {
            fitting.get(i)
                    .result()
                    .complete(new Stored(message(fitting.get(i), head.last() + 1 + i, at), new Reminder(attempt.intent)));
        }
        attempt.drafts.subList(0, room).clear();
        return after;
    }

    private BatchStatement batch(Attempt attempt, Head head, List<Draft> drafts, Instant at) {
        long conversation = attempt.conversation.value();
        int bucket = head.bucket();
        var batch = BatchStatement.builder(DefaultBatchType.UNLOGGED);
        // A bucket that is not there yet has no fence either; the new one takes over that of the one before.
        batch.addStatement(move.bind(
                head.last() + drafts.size(),
                at,
                head.membersVersion(),
                conversation,
                bucket,
                head.lastSeq(),
                head.lastSeq() == null ? null : head.membersVersion()));
        long seq = head.last();
        for (var draft : drafts) {
            seq++;
            var message = draft.message();
            batch.addStatement(insertKey.bind(
                    conversation,
                    bucket,
                    message.sender().value(),
                    message.clientMessageId(),
                    seq,
                    at,
                    ByteBuffer.wrap(draft.bodyHash()),
                    attempt.number));
            var insert = insertMessage.bind(
                    conversation, bucket, seq, message.sender().value(), message.clientMessageId(), at);
            var text = message.body().text();
            if (text != null) {
                insert = insert.setString("text", text); // what is not set leaves no tombstone
            }
            var details = draft.details();
            if (details != null) {
                insert = insert.setString("details", details);
            }
            batch.addStatement(insert);
        }
        return batch.build();
    }

    /** Answers those that are stored, in the order of their seqs. */
    private void known(Attempt attempt, Head head) {
        if (head.bucket() > 0) {
            keys.inFullBuckets(attempt.conversation, attempt.drafts, (draft, row) -> answer(attempt, draft, row));
        }
        keys.inBucket(attempt.conversation, head.bucket(), attempt.drafts, (draft, row) -> answer(attempt, draft, row));
    }

    private void answer(Attempt attempt, Draft draft, Row row) {
        if (row.getColumnDefinitions().contains("stored_by") && row.getLong("stored_by") == attempt.number) {
            // Ours after all. The intent of the try stays, as one of unknown outcome.
            var at = Objects.requireNonNull(row.getInstant("created_at"));
            draft.result().complete(new Stored(message(draft, row.getLong("seq"), at), new Reminder(attempt.intent)));
        } else {
            answer(draft, row);
        }
    }

    private void answer(Draft draft, Row row) {
        boolean isSame = ByteBuffer.wrap(draft.bodyHash()).equals(row.getByteBuffer("body_hash"));
        var at = Objects.requireNonNull(row.getInstant("created_at"));
        draft.result().complete(isSame ? new AlreadyStored(message(draft, row.getLong("seq"), at)) : new KeyReused());
    }

    private static Message message(Draft draft, long seq, Instant at) {
        var message = draft.message();
        return new Message(
                message.conversation(),
                seq,
                message.sender(),
                message.clientMessageId(),
                message.body(),
                at,
                MessageState.NEW);
    }
}
