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
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Stores messages of one conversation by a conditional batch: it names the head and the fence it was made for, and each key must be new. So it is stored whole or not at all, and
 * whoever comes second looks again. After a timeout a serial read decides: the keys carry the number of the batch that stored them.
 */
final class CassandraAppend {
    private final Cassandra cassandra;
    private final CassandraHeads heads;
    private final CassandraFence fence;
    private final CassandraKeys keys;
    private final CassandraIntents intents;
    private final InstantSource clock;
    private final CassandraMeters meters;
    private final CassandraRivals rivals;
    private final CassandraUses uses;
    private final PreparedStatement move;
    private final PreparedStatement insertKey;
    private final PreparedStatement insertMessage;

    /** What goes along with a batch. */
    record Beside(CassandraMeters meters, CassandraRivals rivals, CassandraUses uses) {}

    CassandraAppend(
            Cassandra cassandra,
            CassandraHeads heads,
            CassandraFence fence,
            CassandraKeys keys,
            CassandraIntents intents,
            InstantSource clock,
            Beside beside) {
        this.meters = beside.meters;
        this.rivals = beside.rivals;
        this.uses = beside.uses;
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
        final List<Draft> drafts;
        Head head;

        /** The head was read serially, so what a quorum says of keys is all there is. */
        boolean isFresh;

        /** 0 until something is about to be stored. */
        long intent;

        int stored;

        /** A try may have been stored, or may be yet. */
        boolean isUnknown;

        Attempt(ConversationId conversation, List<Draft> drafts, Head head) {
            this.conversation = conversation;
            this.drafts = new ArrayList<>(drafts);
            this.head = head;
        }
    }

    /**
     * Completes the results; an exception leaves those open that it is about. Answers how many were stored.
     *
     * @param goesOn whether this node has just stored others of the conversation
     */
    int run(ConversationId conversation, List<Draft> drafts, boolean goesOn) {
        // Who may not send asks by no version whether it was stored before: nothing that others' messages should wait
        // for, or PostgreSQL be asked about.
        var asking = drafts.stream()
                .filter(each -> each.message().membersVersion() < 0)
                .toList();
        var sends = drafts.stream()
                .filter(each -> each.message().membersVersion() >= 0)
                .toList();
        int stored = sends.isEmpty() ? 0 : storeAll(conversation, sends, goesOn);
        if (!asking.isEmpty()) {
            var attempt = new Attempt(conversation, asking, heads.newestSerially(conversation));
            known(attempt);
            attempt.drafts.forEach(draft -> draft.result().complete(new RosterChanged()));
        }
        return stored;
    }

    private int storeAll(ConversationId conversation, List<Draft> drafts, boolean goesOn) {
        rivals.leaveRoom(conversation, goesOn);
        var attempt = new Attempt(conversation, drafts, heads.lately(conversation));
        try {
            while (!attempt.drafts.isEmpty()) {
                if (!isAdvanced(attempt)) {
                    lookAgain(attempt);
                }
            }
            return attempt.stored;
        } finally {
            if (attempt.intent != 0) {
                intents.ended(attempt.intent, attempt.stored, attempt.isUnknown);
            }
        }
    }

    /** Brings a batch one step further; false where the conversation must be looked at anew. */
    private boolean isAdvanced(Attempt attempt) {
        var head = attempt.head;
        if (attempt.drafts.stream()
                .anyMatch(each ->
                        !Objects.equals(head.membersVersion(), each.message().membersVersion()))) {
            if (!attempt.isFresh) {
                return false;
            }
            attempt.head = fence.reconciled(attempt.conversation, head);
            refuseOlder(attempt, attempt.head);
            return true;
        }
        if (head.isFull()) {
            if (!attempt.isFresh) {
                return false; // others may have opened the next one long ago
            }
            keys.copy(attempt.conversation, head.bucket());
            attempt.head = new Head(
                    head.bucket() + 1, null, head.lastAt(), head.membersVersion(), null, Instant.EPOCH, List.of());
            known(attempt);
            return true;
        }
        return isStored(attempt);
    }

    private void lookAgain(Attempt attempt) {
        attempt.head = heads.newestSerially(attempt.conversation);
        attempt.isFresh = true;
        known(attempt);
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

    /** Tries to store as many as there is room for; false where others were first, or nobody knows. */
    private boolean isStored(Attempt attempt) {
        var head = attempt.head;
        if (head.bucket() > 0 && !attempt.isFresh) {
            keys.inFullBuckets(attempt.conversation, attempt.drafts, (draft, row) -> answer(attempt, draft, row));
            if (attempt.drafts.isEmpty()) {
                return true;
            }
        }
        int room = (int) Math.min(attempt.drafts.size(), CassandraHeads.end(head.bucket()) - head.last());
        var fitting = List.copyOf(attempt.drafts.subList(0, room));
        var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        var at = now.isBefore(head.lastAt()) ? head.lastAt() : now;
        var batch = batch(attempt, head, fitting, at);
        if (attempt.intent == 0) {
            attempt.intent = intents.begin(attempt.conversation);
        }
        attempt.isFresh = false;
        long begun = System.nanoTime();
        try {
            var outcome = Objects.requireNonNull(meters.time().record(() -> cassandra.execute(batch)));
            if (!outcome.wasApplied()) {
                meters.contention().increment();
                rivals.met(attempt.conversation);
                learn(attempt, outcome.all());
                if (!attempt.drafts.isEmpty() && Cassandra.left().isNegative()) {
                    throw new StoreUnavailable("cassandra", new IllegalStateException("others were always first"));
                }
                return true;
            }
        } catch (StoreUnavailable e) {
            attempt.isUnknown = true;
            meters.unknown().increment();
            if (!Cassandra.hasPaused()) {
                throw e;
            }
            return false; // a serial read decides
        } catch (RuntimeException e) {
            attempt.isUnknown = true; // whatever it was, it may have been stored
            throw e;
        }
        rivals.took(Duration.ofNanos(System.nanoTime() - begun));
        attempt.head = new Head(
                head.bucket(),
                head.last() + room,
                at,
                head.membersVersion(),
                head.changes(),
                head.movedAt(),
                head.changeBy());
        heads.remember(attempt.conversation, attempt.head);
        keys.copyEarly(attempt.conversation, head.bucket(), attempt.head.last());
        attempt.stored += room;
        attempt.drafts.subList(0, room).clear();
        var failure = notCarried(attempt, fitting, head.last() + 1);
        for (int i = 0; i < room; i++) {
            var draft = fitting.get(i);
            var message = message(draft, head.last() + 1 + i, at);
            if (failure != null && carries(draft)) {
                intents.stored(attempt.intent, message);
                draft.result().completeExceptionally(failure);
            } else {
                stored(attempt, draft, message);
            }
        }
        return true;
    }

    private static boolean carries(Draft draft) {
        return draft.message().body().media() != null;
    }

    /** Notes what these carry; why it could not, or null. Then a repeat does, or a relay: the intent stays, since nobody publishes it. */
    private @Nullable StoreUnavailable notCarried(Attempt attempt, List<Draft> drafts, long first) {
        var seqs = new ArrayList<Long>();
        for (int i = 0; i < drafts.size(); i++) {
            if (carries(drafts.get(i))) {
                seqs.add(first + i);
            }
        }
        try {
            uses.note(attempt.conversation, seqs);
            return null;
        } catch (StoreUnavailable e) {
            attempt.isUnknown = true;
            return e;
        }
    }

    /**
     * Takes from a refusal why it was one: the head as it is and the keys that are there. So who was late needs no other look, and is no later next time than those who
     * were first.
     */
    private void learn(Attempt attempt, List<Row> rows) {
        for (var row : rows) {
            attempt.head = Objects.requireNonNull(CassandraHeads.head(row));
        }
        heads.remember(attempt.conversation, attempt.head);
        var drafts = new HashMap<CassandraKeys.Name, Draft>();
        attempt.drafts.forEach(draft -> drafts.put(CassandraKeys.Name.of(draft), draft));
        rows.stream()
                .filter(row -> !row.isNull("kind") && row.getByte("kind") == CassandraRows.KEY)
                .sorted(Comparator.comparingLong(row -> row.getLong("seq")))
                .forEach(row -> {
                    var draft = drafts.get(CassandraKeys.Name.of(row));
                    if (draft != null && attempt.drafts.remove(draft)) {
                        answer(attempt, draft, row);
                    }
                });
    }

    private void stored(Attempt attempt, Draft draft, Message message) {
        intents.stored(attempt.intent, message);
        draft.result().complete(new Stored(message, new Reminder(attempt.intent)));
    }

    private BatchStatement batch(Attempt attempt, Head head, List<Draft> drafts, Instant at) {
        long conversation = attempt.conversation.value();
        int bucket = head.bucket();
        var batch = Cassandra.batch();
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
    private void known(Attempt attempt) {
        int bucket = attempt.head.bucket();
        if (bucket > 0) {
            keys.inFullBuckets(attempt.conversation, attempt.drafts, (draft, row) -> answer(attempt, draft, row));
        }
        keys.inBucket(attempt.conversation, bucket, attempt.drafts, (draft, row) -> answer(attempt, draft, row));
    }

    private void answer(Attempt attempt, Draft draft, Row row) {
        var failure = notCarried(attempt, List.of(draft), row.getLong("seq"));
        if (failure != null) {
            draft.result().completeExceptionally(failure);
        } else if (row.getColumnDefinitions().contains("stored_by") && row.getLong("stored_by") == attempt.number) {
            attempt.stored++; // ours after all
            var at = Objects.requireNonNull(row.getInstant("created_at"));
            stored(attempt, draft, message(draft, row.getLong("seq"), at));
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
