package chat.parley.message;

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
import chat.parley.outbox.Outbox;
import chat.parley.outbox.OutboxKind;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Update;

/**
 * One change of a message, in the transaction of {@code db}. The conversation's row is locked first, as by a send: so changes of a conversation happen one after
 * another, with times that grow, and the version tells all readers alike which one was last.
 */
final class ChangeTransaction {
    private static final Duration MILLISECOND = Duration.ofMillis(1);

    private static final String LOCK = """
            SELECT members_version, greatest(last_at, messages_changed_at) AS newest, large, departed_at
            FROM conversation WHERE id = :conversation
            FOR NO KEY UPDATE
            """;

    /** After the lock, in a statement with a snapshot of its own. */
    private static final String IS_MEMBER = """
            SELECT EXISTS (SELECT FROM member WHERE conversation_id = :conversation AND user_id = :actor AND left_at IS NULL)
            """;

    private static final String FIND = """
            SELECT %s FROM message m WHERE conversation_id = :conversation AND seq = :seq
            """.formatted(MessageRows.COLUMNS);

    private static final String UPDATE = """
            UPDATE message
            SET text = :text, details = :details, reactions = :reactions, version = :version, edited_at = :editedAt, deleted_at = :deletedAt,
                changed_at = :at
            WHERE conversation_id = :conversation AND seq = :seq
            """;

    private static final String MOVE_TIME = """
            UPDATE conversation SET messages_changed_at = :at WHERE id = :conversation
            """;

    private static final String KEEP_VERSION = """
            INSERT INTO message_version (conversation_id, seq, revision, text, details, since)
            SELECT m.conversation_id, m.seq, 1 + count(v.*), m.text, m.details, coalesce(m.edited_at, m.created_at)
            FROM message m LEFT JOIN message_version v USING (conversation_id, seq)
            WHERE m.conversation_id = :conversation AND m.seq = :seq
            GROUP BY m.conversation_id, m.seq
            """;

    private static final String DELETE_VERSIONS = """
            DELETE FROM message_version WHERE conversation_id = :conversation AND seq = :seq
            """;

    private static final String DELETE_REACTIONS = """
            DELETE FROM reaction WHERE conversation_id = :conversation AND seq = :seq
            """;

    private static final String ADD_REACTION = """
            INSERT INTO reaction (conversation_id, seq, emoji, user_id, created_at)
            VALUES (:conversation, :seq, :emoji, :user, :at)
            ON CONFLICT DO NOTHING
            """;

    private static final String REMOVE_REACTION = """
            DELETE FROM reaction WHERE conversation_id = :conversation AND seq = :seq AND emoji = :emoji AND user_id = :user
            """;

    private final Handle db;
    private final MessageChange change;
    private final Instant now;
    private long departedMillis;

    ChangeTransaction(Handle db, MessageChange change, Instant now) {
        this.db = db;
        this.change = change;
        this.now = now;
    }

    MessageChangeOutcome run() {
        var locked = lock();
        if (locked.isEmpty()
                || locked.get().membersVersion != change.membersVersion()
                || (locked.get().large && !isMember())) {
            return new RosterChanged();
        }
        var found = db.createQuery(FIND)
                .bind("conversation", change.conversation().value())
                .bind("seq", change.seq())
                .map((row, context) -> MessageRows.message(row))
                .findOne();
        if (found.isEmpty()) {
            return new NoSuchMessage();
        }
        departedMillis = locked.get().departedMillis;
        var message = found.get();
        if (message.isDeleted()) {
            return change.action() instanceof Delete ? new Unchanged(message) : new AlreadyDeleted();
        }
        // Later than all before it: streams are rebuilt "since a time", and two changes of one moment could be told
        // apart by nobody.
        var earliest = locked.get().newest.plus(MILLISECOND);
        var at = (now.isBefore(earliest) ? earliest : now).truncatedTo(ChronoUnit.MILLIS);
        return switch (change.action()) {
            case Edit edit -> edit(message, edit, at);
            case Delete unused -> delete(message, at);
            case React react -> react(message, react.emoji(), at);
            case Unreact unreact -> unreact(message, unreact.emoji(), at);
        };
    }

    private record Locked(long membersVersion, Instant newest, boolean large, long departedMillis) {}

    private Optional<Locked> lock() {
        return db.createQuery(LOCK)
                .bind("conversation", change.conversation().value())
                .map((row, context) -> {
                    var departed = row.getObject("departed_at", OffsetDateTime.class);
                    return new Locked(
                            row.getLong("members_version"),
                            row.getObject("newest", OffsetDateTime.class).toInstant(),
                            row.getBoolean("large"),
                            departed == null ? 0 : departed.toInstant().toEpochMilli());
                })
                .findOne();
    }

    /** In a large group the version does not move with people who leave by themselves. */
    private boolean isMember() {
        return db.createQuery(IS_MEMBER)
                .bind("conversation", change.conversation().value())
                .bind("actor", change.actor().value())
                .mapTo(Boolean.class)
                .one();
    }

    private MessageChangeOutcome edit(Message message, Edit edit, Instant at) {
        var old = message.body();
        var body = edited(old, edit);
        if (body.equals(old)) {
            return new Unchanged(message);
        }
        bound(KEEP_VERSION).execute();
        var state = message.state();
        return changed(message, body, new MessageState(state.version() + 1, state.reactions(), at, null, at));
    }

    /** What an edit makes of a body. */
    static MessageBody edited(MessageBody old, Edit edit) {
        var metadata =
                edit.metadata() == null ? old.metadata() : edit.metadata().equals("{}") ? null : edit.metadata();
        return new MessageBody(
                old.type(),
                edit.text() == null ? old.text() : edit.text().isEmpty() ? null : edit.text(),
                old.media(),
                old.replyTo(),
                edit.mentions() == null ? old.mentions() : edit.mentions(),
                metadata,
                old.system());
    }

    private MessageChangeOutcome delete(Message message, Instant at) {
        bound(DELETE_VERSIONS).execute();
        bound(DELETE_REACTIONS).execute();
        var state = new MessageState(
                message.state().version() + 1, null, message.state().editedAt(), at, at);
        return changed(message, message.body().deleted(), state);
    }

    private MessageChangeOutcome react(Message message, String emoji, Instant at) {
        var counts = ReactionCounts.read(message);
        if (!counts.containsKey(emoji) && counts.size() >= MessageStore.REACTION_KINDS_MAX) {
            return new TooManyKinds();
        }
        int added = reaction(ADD_REACTION, emoji).bind("at", time(at)).execute();
        if (added == 0) {
            return new Unchanged(message);
        }
        counts.merge(emoji, 1, Integer::sum);
        return counted(message, counts, at);
    }

    private MessageChangeOutcome unreact(Message message, String emoji, Instant at) {
        if (reaction(REMOVE_REACTION, emoji).execute() == 0) {
            return new Unchanged(message);
        }
        var counts = ReactionCounts.read(message);
        ReactionCounts.takeBack(counts, emoji);
        return counted(message, counts, at);
    }

    private MessageChangeOutcome counted(Message message, Map<String, Integer> counts, Instant at) {
        var state = message.state();
        return changed(
                message,
                message.body(),
                new MessageState(state.version() + 1, ReactionCounts.write(counts), state.editedAt(), null, at));
    }

    private MessageChangeOutcome changed(Message message, MessageBody body, MessageState state) {
        var at = Objects.requireNonNull(state.changedAt());
        bound(UPDATE)
                .bind("text", body.text())
                .bind("details", MessageDetails.write(body))
                .bind("reactions", state.reactions())
                .bind("version", state.version())
                .bind("editedAt", state.editedAt() == null ? null : time(state.editedAt()))
                .bind("deletedAt", state.deletedAt() == null ? null : time(state.deletedAt()))
                .bind("at", time(at))
                .execute();
        db.createUpdate(MOVE_TIME)
                .bind("conversation", change.conversation().value())
                .bind("at", time(at))
                .execute();
        long outboxId =
                Outbox.add(db, change.conversation(), OutboxKind.MESSAGE_CHANGED, change.seq(), change.actor(), at);
        var changed = new Message(
                message.conversation(),
                message.seq(),
                message.sender(),
                message.clientMessageId(),
                body,
                message.createdAt(),
                state);
        return new Changed(changed, at, new Reminder(outboxId), departedMillis);
    }

    private Update bound(String statement) {
        return db.createUpdate(statement)
                .bind("conversation", change.conversation().value())
                .bind("seq", change.seq());
    }

    private Update reaction(String statement, String emoji) {
        return bound(statement).bind("emoji", emoji).bind("user", change.actor().value());
    }

    private static OffsetDateTime time(Instant at) {
        return at.atOffset(ZoneOffset.UTC);
    }
}
