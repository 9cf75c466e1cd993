package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.message.CassandraChange.Work;
import chat.parley.message.CassandraHeads.Head;
import chat.parley.message.MessageChange.Delete;
import chat.parley.message.MessageChange.Edit;
import chat.parley.message.MessageChange.React;
import chat.parley.message.MessageChange.Unreact;
import chat.parley.message.MessageChangeOutcome.AlreadyDeleted;
import chat.parley.message.MessageChangeOutcome.Changed;
import chat.parley.message.MessageChangeOutcome.NoSuchMessage;
import chat.parley.message.MessageChangeOutcome.RosterChanged;
import chat.parley.message.MessageChangeOutcome.TooManyKinds;
import chat.parley.message.MessageChangeOutcome.Unchanged;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** One change of a message by a person, as {@link ChangeTransaction} does it in PostgreSQL. */
final class CassandraEdits {
    private final Cassandra cassandra;
    private final CassandraHeads heads;
    private final CassandraFence fence;
    private final CassandraChange changes;
    private final CassandraUses uses;
    private final InstantSource clock;
    private final PreparedStatement lastVersion;
    private final PreparedStatement keepVersion;
    private final PreparedStatement deleteVersions;
    private final PreparedStatement deleteReactions;
    private final PreparedStatement reaction;
    private final PreparedStatement addReaction;
    private final PreparedStatement removeReaction;
    private final PreparedStatement noteReaction;

    CassandraEdits(
            Cassandra cassandra,
            CassandraHeads heads,
            CassandraFence fence,
            CassandraChange changes,
            CassandraUses uses,
            InstantSource clock) {
        this.cassandra = cassandra;
        this.heads = heads;
        this.fence = fence;
        this.changes = changes;
        this.uses = uses;
        this.clock = clock;
        this.lastVersion = cassandra.prepareRead("""
                SELECT who FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 2 AND n = ?
                ORDER BY kind DESC, n DESC, part DESC, who DESC LIMIT 1""");
        this.keepVersion = cassandra.prepareWrite("""
                INSERT INTO message_log (conversation_id, bucket, kind, n, part, who, text, details, created_at)
                VALUES (?, ?, 2, ?, '', ?, ?, ?, ?)""");
        this.deleteVersions = cassandra.prepareWrite(
                "DELETE FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 2 AND n = ?");
        this.deleteReactions = cassandra.prepareWrite(
                "DELETE FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 3 AND n = ?");
        this.reaction = cassandra.prepareRead("""
                SELECT who FROM message_log
                WHERE conversation_id = ? AND bucket = ? AND kind = 3 AND n = ? AND part = ? AND who = ?""");
        this.addReaction = cassandra.prepareWrite("""
                INSERT INTO message_log (conversation_id, bucket, kind, n, part, who, created_at) VALUES (?, ?, 3, ?, ?, ?, ?)""");
        this.removeReaction = cassandra.prepareWrite("""
                DELETE FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 3 AND n = ? AND part = ? AND who = ?""");
        this.noteReaction = cassandra.prepareRead(
                "INSERT INTO reaction_by_user (user_id, conversation_id, seq, emoji) VALUES (?, ?, ?, ?)");
    }

    MessageChangeOutcome run(MessageChange change) {
        var now = clock.instant();
        if (change.seq() < 1) {
            // There is no bucket to look at.
            return isOfNow(change, heads.newestSerially(change.conversation()))
                    ? new NoSuchMessage()
                    : new RosterChanged();
        }
        if (change.action() instanceof React react) {
            // Before the reaction, so that none is without; one too many is left out by its readers.
            note(change, react.emoji());
        }
        int bucket = CassandraHeads.bucket(change.seq());
        var done = changes.run(change.conversation(), bucket, 1, work -> plan(work, change, now));
        if (done.answer() instanceof Changed && change.action() instanceof React react) {
            note(change, react.emoji()); // an erasure that saw no reaction yet may have taken the first note away
        }
        if (change.action() instanceof Delete) {
            noteDeleted(done.answer());
        }
        return done.answer() instanceof Changed changed
                ? new Changed(changed.message(), changed.at(), new Reminder(done.intent()))
                : done.answer();
    }

    /** Also after a repeat: the one before may have failed here. */
    private void noteDeleted(MessageChangeOutcome outcome) {
        var message = outcome instanceof Changed changed
                ? changed.message()
                : outcome instanceof Unchanged unchanged ? unchanged.message() : null;
        if (message != null && CassandraUses.mayCarry(message)) {
            uses.note(message.conversation(), List.of(message.seq()));
        }
    }

    private void note(MessageChange change, String emoji) {
        cassandra.execute(
                noteReaction.bind(change.actor().value(), change.conversation().value(), change.seq(), emoji));
    }

    private boolean isOfNow(MessageChange change, Head newest) {
        return Objects.equals(newest.membersVersion(), change.membersVersion())
                || Objects.equals(
                        fence.reconciled(change.conversation(), newest).membersVersion(), change.membersVersion());
    }

    private MessageChangeOutcome plan(Work work, MessageChange change, Instant now) {
        if (!isOfNow(change, work.newest)) {
            return new RosterChanged();
        }
        var found = changes.find(change.conversation(), change.seq());
        if (found.isEmpty()) {
            return new NoSuchMessage();
        }
        var message = found.get();
        if (message.isDeleted()) {
            return change.action() instanceof Delete ? new Unchanged(message) : new AlreadyDeleted();
        }
        var at = work.time(now);
        return switch (change.action()) {
            case Edit edit -> edit(work, message, edit, at);
            case Delete unused -> delete(work, message, at);
            case React react -> react(work, message, change, react.emoji(), at);
            case Unreact unreact -> unreact(work, message, change, unreact.emoji(), at);
        };
    }

    private MessageChangeOutcome edit(Work work, Message message, Edit edit, Instant at) {
        var old = message.body();
        var body = ChangeTransaction.edited(old, edit);
        if (body.equals(old)) {
            return new Unchanged(message);
        }
        long conversation = message.conversation().value();
        int bucket = CassandraHeads.bucket(message.seq());
        var last = cassandra
                .execute(lastVersion.bind(conversation, bucket, message.seq()))
                .one();
        var editedAt = message.state().editedAt();
        work.add(keepVersion.bind(
                conversation,
                bucket,
                message.seq(),
                last == null ? 1L : last.getLong("who") + 1,
                old.text(),
                MessageDetails.write(old),
                editedAt == null ? message.createdAt() : editedAt));
        var state = message.state();
        return changed(work, message, body, new MessageState(state.version() + 1, state.reactions(), at, null, at));
    }

    private MessageChangeOutcome delete(Work work, Message message, Instant at) {
        long conversation = message.conversation().value();
        int bucket = CassandraHeads.bucket(message.seq());
        work.add(deleteVersions.bind(conversation, bucket, message.seq()));
        work.add(deleteReactions.bind(conversation, bucket, message.seq()));
        var state = new MessageState(
                message.state().version() + 1, null, message.state().editedAt(), at, at);
        return changed(work, message, message.body().deleted(), state);
    }

    private MessageChangeOutcome react(Work work, Message message, MessageChange change, String emoji, Instant at) {
        var counts = ReactionCounts.read(message);
        if (!counts.containsKey(emoji) && counts.size() >= MessageStore.REACTION_KINDS_MAX) {
            return new TooManyKinds();
        }
        if (hasReacted(message, change, emoji)) {
            return new Unchanged(message);
        }
        work.add(addReaction.bind(
                message.conversation().value(),
                CassandraHeads.bucket(message.seq()),
                message.seq(),
                emoji,
                change.actor().value(),
                at));
        counts.merge(emoji, 1, Integer::sum);
        return counted(work, message, counts, at);
    }

    private MessageChangeOutcome unreact(Work work, Message message, MessageChange change, String emoji, Instant at) {
        if (!hasReacted(message, change, emoji)) {
            return new Unchanged(message);
        }
        work.add(removeReaction.bind(
                message.conversation().value(),
                CassandraHeads.bucket(message.seq()),
                message.seq(),
                emoji,
                change.actor().value()));
        var counts = ReactionCounts.read(message);
        ReactionCounts.takeBack(counts, emoji);
        return counted(work, message, counts, at);
    }

    private boolean hasReacted(Message message, MessageChange change, String emoji) {
        return cassandra
                        .execute(reaction.bind(
                                message.conversation().value(),
                                CassandraHeads.bucket(message.seq()),
                                message.seq(),
                                emoji,
                                change.actor().value()))
                        .one()
                != null;
    }

    private MessageChangeOutcome counted(Work work, Message message, Map<String, Integer> counts, Instant at) {
        var state = message.state();
        return changed(
                work,
                message,
                message.body(),
                new MessageState(state.version() + 1, ReactionCounts.write(counts), state.editedAt(), null, at));
    }

    /** The intent's number is put in when there is one. */
    private MessageChangeOutcome changed(Work work, Message message, MessageBody body, MessageState state) {
        var changed = changes.changed(work, message, message.clientMessageId(), body, state);
        return new Changed(changed, Objects.requireNonNull(state.changedAt()), new Reminder(0));
    }
}
