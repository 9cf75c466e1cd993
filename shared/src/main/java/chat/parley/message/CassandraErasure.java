package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.CassandraChange.Work;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/** What takes messages away: the erasure of a person, step by step as {@link ErasureTransaction}, and the removal of what is too old. */
final class CassandraErasure {
    private static final ByteBuffer ERASED = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final Cassandra cassandra;
    private final CassandraHeads heads;
    private final CassandraChange changes;
    private final CassandraUses uses;
    private final PreparedStatement keysOf;
    private final PreparedStatement insertKey;
    private final PreparedStatement deleteKey;
    private final PreparedStatement deleteCopy;
    private final PreparedStatement deleteMessages;
    private final PreparedStatement deleteParts;
    private final PreparedStatement deleteChange;
    private final PreparedStatement deleteReaction;
    private final PreparedStatement reactionsTo;
    private final PreparedStatement reacted;
    private final PreparedStatement forgetReacted;
    private final PreparedStatement lowest;

    CassandraErasure(Cassandra cassandra, CassandraHeads heads, CassandraChange changes, CassandraUses uses) {
        this.cassandra = cassandra;
        this.heads = heads;
        this.changes = changes;
        this.uses = uses;
        this.keysOf = cassandra.prepareRead("""
                SELECT part, seq, created_at, body_hash FROM message_log
                WHERE conversation_id = ? AND bucket = ? AND kind = 1 AND n = ?""");
        this.insertKey = cassandra.prepareWrite("""
                INSERT INTO message_log (conversation_id, bucket, kind, n, part, who, seq, created_at, body_hash)
                VALUES (?, ?, 1, ?, ?, 0, ?, ?, ?)""");
        this.deleteKey = cassandra.prepareWrite("""
                DELETE FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 1 AND n = ? AND part = ? AND who = 0""");
        this.deleteCopy = cassandra.prepareRead(
                "DELETE FROM message_key WHERE conversation_id = ? AND sender_id = ? AND client_id = ?");
        this.deleteMessages = cassandra.prepareWrite("""
                DELETE FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 0 AND n >= ? AND n <= ?""");
        this.deleteParts = cassandra.prepareWrite(
                "DELETE FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = ? AND n >= ? AND n <= ?");
        this.deleteChange = cassandra.prepareWrite("""
                DELETE FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 4 AND n = ? AND part = '' AND who = ?""");
        this.deleteReaction = cassandra.prepareWrite("""
                DELETE FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 3 AND n = ? AND part = ? AND who = ?""");
        this.reactionsTo = cassandra.prepareRead("""
                SELECT n, part, who FROM message_log
                WHERE conversation_id = ? AND bucket = ? AND kind = 3 AND n >= ? AND n <= ?""");
        this.reacted = cassandra.prepareRead(
                "SELECT seq, emoji FROM reaction_by_user WHERE user_id = ? AND conversation_id = ?");
        this.forgetReacted = cassandra.prepareRead(
                "DELETE FROM reaction_by_user USING TIMESTAMP ? WHERE user_id = ? AND conversation_id = ? AND seq = ? AND emoji = ?");
        this.lowest = cassandra.prepareRead("SELECT " + CassandraRows.COLUMNS + " " + """
                FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 0 AND n < ? LIMIT ?""");
    }

    /** One step, all in one bucket; 0 when nothing is left in any. */
    int erase(ConversationId conversation, UserId person, Instant now, int limit) {
        int last = heads.newestSerially(conversation).bucket();
        for (int bucket = 0; bucket <= last; bucket++) {
            int of = bucket;
            var erased = changes.run(
                    conversation, bucket, CassandraChange.BY_RELAY, work -> said(work, of, person, now, limit));
            var names = erased.answer().names;
            if (!names.isEmpty()) {
                deleteCopies(conversation, person, names);
                uses.note(conversation, erased.answer().carrying);
                return names.size();
            }
        }
        return takeBack(conversation, person, now, limit);
    }

    /**
     * Deletes the copies of keys: before the batch, since nobody knows their names any more where a process dies after it, and after it, for those that were copied meanwhile.
     * A send of theirs that is repeated in between would be stored again; whoever is erased repeats none.
     */
    private void deleteCopies(ConversationId conversation, UserId person, List<String> names) {
        cassandra.executeAll(names.stream()
                .map(name -> deleteCopy.bind(conversation.value(), person.value(), name))
                .toList());
    }

    /**
     * Erased messages.
     *
     * @param names their keys as they were
     * @param carrying the seqs of those that may have carried files
     */
    private record Said(List<String> names, List<Long> carrying) {}

    /** Adds what erases the next ones. */
    private Said said(Work work, int bucket, UserId person, Instant now, int limit) {
        long conversation = work.conversation.value();
        var names = new ArrayList<String>();
        var carrying = new ArrayList<Long>();
        var at = work.time(now);
        for (var key : cassandra.execute(keysOf.bind(conversation, bucket, person.value()))) {
            var hash = key.getByteBuffer("body_hash");
            if (names.size() == limit || hash == null || !hash.hasRemaining()) {
                continue;
            }
            var found = changes.find(work.conversation, key.getLong("seq"));
            if (found.isEmpty() || found.get().body().type() == MessageBody.Type.SYSTEM) {
                continue;
            }
            var message = found.get();
            var name = UUID.randomUUID().toString();
            work.add(deleteKey.bind(conversation, bucket, person.value(), key.getString("part")));
            work.add(insertKey.bind(
                    conversation,
                    bucket,
                    person.value(),
                    name,
                    message.seq(),
                    message.createdAt(),
                    ERASED.duplicate()));
            for (byte kind : new byte[] {CassandraRows.VERSION, CassandraRows.REACTION}) {
                work.add(deleteParts.bind(conversation, bucket, kind, message.seq(), message.seq()));
            }
            var state = message.state();
            var deletedAt = state.deletedAt() == null ? at : state.deletedAt();
            changes.changed(
                    work,
                    message,
                    name,
                    message.body().deleted(),
                    new MessageState(state.version() + 1, null, state.editedAt(), deletedAt, at));
            names.add(key.getString("part"));
            if (CassandraUses.mayCarry(message)) {
                carrying.add(message.seq());
            }
        }
        deleteCopies(work.conversation, person, names);
        return new Said(names, carrying);
    }

    private int takeBack(ConversationId conversation, UserId person, Instant now, int limit) {
        var noted = new TreeMap<Long, List<String>>();
        for (var row : cassandra.execute(reacted.bind(person.value(), conversation.value()))) {
            noted.computeIfAbsent(row.getLong("seq"), unused -> new ArrayList<>())
                    .add(row.getString("emoji"));
        }
        int count = 0;
        for (var seq : noted.keySet()) {
            if (count == limit) {
                break;
            }
            int bucket = CassandraHeads.bucket(seq);
            // As of before the look: a reaction that comes after it is noted once more, later than that.
            long moment = cassandra.timestamp();
            var done = changes.run(
                    conversation, bucket, CassandraChange.BY_RELAY, work -> takenBack(work, bucket, seq, person, now));
            count += done.answer() ? 1 : 0;
            noted.get(seq)
                    .forEach(emoji -> cassandra.execute(
                            forgetReacted.bind(moment, person.value(), conversation.value(), seq, emoji)));
        }
        return count;
    }

    private boolean takenBack(Work work, int bucket, long seq, UserId person, Instant now) {
        var found = changes.find(work.conversation, seq);
        if (found.isEmpty()) {
            return false;
        }
        var message = found.get();
        var counts = ReactionCounts.read(message);
        boolean isAny = false;
        for (var row : cassandra.execute(reactionsTo.bind(work.conversation.value(), bucket, seq, seq))) {
            if (row.getLong("who") == person.value()) {
                isAny = true;
                String emoji = row.getString("part");
                work.add(deleteReaction.bind(work.conversation.value(), bucket, seq, emoji, person.value()));
                ReactionCounts.takeBack(counts, emoji);
            }
        }
        if (isAny) {
            var state = message.state();
            changes.changed(
                    work,
                    message,
                    message.clientMessageId(),
                    message.body(),
                    new MessageState(
                            state.version() + 1,
                            ReactionCounts.write(counts),
                            state.editedAt(),
                            state.deletedAt(),
                            work.time(now)));
        }
        return isAny;
    }

    /** See {@link MessageStore#removeBefore}. */
    int remove(ConversationId conversation, long before, int limit) {
        uses.noteRemoved(conversation, before);
        var newest = heads.newestSerially(conversation);
        int last = CassandraHeads.bucket(Math.min(newest.last(), before));
        int removed = 0;
        for (int bucket = 0; bucket <= last && removed < limit; bucket++) {
            int of = bucket;
            int room = limit - removed;
            var gone = changes.run(conversation, bucket, 0, work -> removal(work, of, before, room))
                    .answer();
            removed += gone.messages.size();
            deleteCopies(conversation, gone.messages);
            for (var row : gone.reactions) {
                cassandra.execute(forgetReacted.bind(
                        cassandra.timestamp(),
                        row.getLong("who"),
                        conversation.value(),
                        row.getLong("n"),
                        row.getString("part")));
            }
        }
        return removed;
    }

    private void deleteCopies(ConversationId conversation, List<Message> messages) {
        cassandra.executeAll(messages.stream()
                .map(message ->
                        deleteCopy.bind(conversation.value(), message.sender().value(), message.clientMessageId()))
                .toList());
    }

    private record Gone(List<Message> messages, List<Row> reactions) {}

    private Gone removal(Work work, int bucket, long before, int limit) {
        long conversation = work.conversation.value();
        var messages = cassandra.execute(lowest.bind(conversation, bucket, before, limit)).all().stream()
                .map(CassandraRows::message)
                .toList();
        if (messages.isEmpty()) {
            return new Gone(messages, List.of());
        }
        deleteCopies(work.conversation, messages);
        var seqs = new TreeSet<Long>();
        for (var message : messages) {
            seqs.add(message.seq());
            work.add(deleteKey.bind(conversation, bucket, message.sender().value(), message.clientMessageId()));
            var changedAt = message.state().changedAt();
            if (changedAt != null) {
                work.add(deleteChange.bind(conversation, bucket, changedAt.toEpochMilli(), message.seq()));
            }
        }
        var reactions = cassandra
                .execute(reactionsTo.bind(conversation, bucket, seqs.first(), seqs.last()))
                .all();
        work.add(deleteMessages.bind(conversation, bucket, seqs.first(), seqs.last()));
        for (byte kind : new byte[] {CassandraRows.VERSION, CassandraRows.REACTION}) {
            work.add(deleteParts.bind(conversation, bucket, kind, seqs.first(), seqs.last()));
        }
        return new Gone(messages, reactions);
    }
}
