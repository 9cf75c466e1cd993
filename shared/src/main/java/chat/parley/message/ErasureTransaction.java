package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.outbox.Outbox;
import chat.parley.outbox.OutboxKind;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/**
 * One step of taking away what a person said in a conversation and how they reacted, in the transaction of {@code db}. Under the lock of the
 * conversation's row, as every change. All changes of a step share one time: times must not run ahead of the clock, or a stream rebuilt since one
 * would miss what is said meanwhile.
 */
final class ErasureTransaction {
    private static final Duration MILLISECOND = Duration.ofMillis(1);

    /** Notices of ours name people by their ids only, and stay. They begin so, see {@link MessageDetails#write}. */
    private static final String NOTICE = "{\"type\":\"system\"%";

    /** A message that was erased has the empty hash, which none has by itself. */
    private static final String SAID = """
            FROM message m
            WHERE conversation_id = :conversation AND sender_id = :person AND body_hash <> '' AND (details IS NULL OR details NOT LIKE :notice)
            """;

    private static final String ANYTHING = "SELECT EXISTS (SELECT %s) OR EXISTS (SELECT %s)"
            .formatted(SAID, "FROM reaction WHERE user_id = :person AND conversation_id = :conversation");

    private static final String LOCK = """
            SELECT greatest(last_at, messages_changed_at) AS newest FROM conversation WHERE id = :conversation FOR NO KEY UPDATE
            """;

    private static final String NEXT_SAID = "SELECT " + MessageRows.COLUMNS + " " + SAID + " LIMIT :limit";

    private static final String NEXT_REACTED = """
            SELECT %s FROM message m
            WHERE conversation_id = :conversation AND seq IN (
                SELECT DISTINCT seq FROM reaction WHERE user_id = :person AND conversation_id = :conversation ORDER BY seq LIMIT :limit)
            """.formatted(MessageRows.COLUMNS);

    /** The client's own name for it goes too. The new one is nobody's: a person might have used any that could be guessed. */
    private static final String ERASE = """
            UPDATE message
            SET text = NULL, details = :details, reactions = NULL, version = :version, deleted_at = coalesce(deleted_at, :at), changed_at = :at,
                client_message_id = gen_random_uuid()::text, body_hash = ''
            WHERE conversation_id = :conversation AND seq = :seq
            """;

    private static final String DELETE_VERSIONS = """
            DELETE FROM message_version WHERE conversation_id = :conversation AND seq = ANY (:seqs)
            """;

    private static final String DELETE_REACTIONS = """
            DELETE FROM reaction WHERE conversation_id = :conversation AND seq = ANY (:seqs)
            """;

    private static final String TAKE_BACK = """
            DELETE FROM reaction WHERE conversation_id = :conversation AND seq = :seq AND user_id = :person RETURNING emoji
            """;

    private static final String COUNT_ANEW = """
            UPDATE message SET reactions = :reactions, version = :version, changed_at = :at
            WHERE conversation_id = :conversation AND seq = :seq
            """;

    private static final String MOVE_TIME =
            "UPDATE conversation SET messages_changed_at = :at WHERE id = :conversation";

    private final Handle db;
    private final ConversationId conversation;
    private final UserId person;
    private final Instant now;

    ErasureTransaction(Handle db, ConversationId conversation, UserId person, Instant now) {
        this.db = db;
        this.conversation = conversation;
        this.person = person;
        this.now = now;
    }

    /** How many messages were changed; 0 when nothing is left. */
    int run(int limit) {
        if (!isAnythingLeft()) {
            return 0; // mostly, and without the lock
        }
        var newest = lock();
        if (newest.isEmpty()) {
            return 0;
        }
        var earliest = newest.get().plus(MILLISECOND);
        var at = (now.isBefore(earliest) ? earliest : now).truncatedTo(ChronoUnit.MILLIS);
        var changed = eraseSaid(limit, at);
        if (changed.isEmpty()) {
            changed = takeBackReactions(limit, at);
        }
        if (!changed.isEmpty()) {
            bound(MOVE_TIME).bind("at", time(at)).execute();
            Outbox.addAll(db, conversation, OutboxKind.MESSAGE_CHANGED, changed, person, at);
        }
        return changed.size();
    }

    private boolean isAnythingLeft() {
        return db.createQuery(ANYTHING)
                .bind("conversation", conversation.value())
                .bind("person", person.value())
                .bind("notice", NOTICE)
                .mapTo(Boolean.class)
                .one();
    }

    private Optional<Instant> lock() {
        return db.createQuery(LOCK)
                .bind("conversation", conversation.value())
                .map((row, context) ->
                        row.getObject("newest", OffsetDateTime.class).toInstant())
                .findOne();
    }

    private List<Long> eraseSaid(int limit, Instant at) {
        var said = db.createQuery(NEXT_SAID)
                .bind("conversation", conversation.value())
                .bind("person", person.value())
                .bind("notice", NOTICE)
                .bind("limit", limit)
                .map((row, context) -> MessageRows.message(row))
                .list();
        if (said.isEmpty()) {
            return List.of();
        }
        var batch = db.prepareBatch(ERASE);
        for (var message : said) {
            batch.bind("conversation", conversation.value())
                    .bind("seq", message.seq())
                    .bind("details", MessageDetails.write(message.body().deleted()))
                    .bind("version", message.state().version() + 1)
                    .bind("at", time(at))
                    .add();
        }
        int[] updated = batch.execute();
        assert updated.length == said.size();
        var seqs = said.stream().map(Message::seq).sorted().toList();
        Object[] all = seqs.toArray();
        bound(DELETE_VERSIONS).bindArray("seqs", Long.class, all).execute();
        bound(DELETE_REACTIONS).bindArray("seqs", Long.class, all).execute();
        return seqs;
    }

    private List<Long> takeBackReactions(int limit, Instant at) {
        var reacted = db.createQuery(NEXT_REACTED)
                .bind("conversation", conversation.value())
                .bind("person", person.value())
                .bind("limit", limit)
                .map((row, context) -> MessageRows.message(row))
                .list();
        var changed = new ArrayList<Long>();
        for (var message : reacted) {
            var counts = ReactionCounts.read(message);
            db.createQuery(TAKE_BACK)
                    .bind("conversation", conversation.value())
                    .bind("seq", message.seq())
                    .bind("person", person.value())
                    .mapTo(String.class)
                    .forEach(emoji -> ReactionCounts.takeBack(counts, emoji));
            countAnew(message, ReactionCounts.write(counts), at);
            changed.add(message.seq());
        }
        return changed.stream().sorted().toList();
    }

    private void countAnew(Message message, @Nullable String reactions, Instant at) {
        bound(COUNT_ANEW)
                .bind("seq", message.seq())
                .bind("reactions", reactions)
                .bind("version", message.state().version() + 1)
                .bind("at", time(at))
                .execute();
    }

    private Update bound(String statement) {
        return db.createUpdate(statement).bind("conversation", conversation.value());
    }

    private static OffsetDateTime time(Instant at) {
        return at.atOffset(ZoneOffset.UTC);
    }
}
