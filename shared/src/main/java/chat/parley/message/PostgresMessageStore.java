package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.AppendWriter.Draft;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.Outbox;
import chat.parley.postgres.Postgres;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Messages in PostgreSQL. Appends are committed in groups by one writer a node; where two nodes write to one conversation, its row's lock decides. Reads are one statement each and follow the primary key.
 */
public final class PostgresMessageStore implements MessageStore {
    /** Of SHA-256: enough that no two texts are taken for one, and half the room. */
    private static final int HASH_BYTES = 16;

    /** First page of a read by time; resumes are mostly short. */
    private static final int SINCE_PAGE = 200;

    private static final String BEFORE = """
            SELECT %s FROM message m WHERE conversation_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?
            """.formatted(MessageRows.COLUMNS);

    private static final String AFTER = """
            SELECT %s FROM message m WHERE conversation_id = ? AND seq > ? ORDER BY seq LIMIT ?
            """.formatted(MessageRows.COLUMNS);

    private static final String SENT_BY = """
            SELECT %s FROM message m WHERE conversation_id = ? AND sender_id = ? AND seq > ? ORDER BY seq LIMIT ?
            """.formatted(MessageRows.COLUMNS);

    private static final String REACTIONS_OF = """
            SELECT conversation_id, seq, emoji, created_at FROM reaction
            WHERE user_id = :person AND (conversation_id, seq, emoji) > (:conversation, :seq, :emoji)
            ORDER BY conversation_id, seq, emoji
            LIMIT :limit
            """;

    private static final String FIND = """
            SELECT %s FROM message m WHERE conversation_id = ? AND seq = ?
            """.formatted(MessageRows.COLUMNS);

    private static final String FIND_ALL = """
            SELECT %s FROM message m WHERE conversation_id = ? AND seq = ANY (?) ORDER BY seq
            """.formatted(MessageRows.COLUMNS);

    private static final String NEWEST = """
            SELECT %s
            FROM conversation c JOIN message m ON m.conversation_id = c.id AND m.seq = c.last_seq
            WHERE c.id = ANY (?)
            """.formatted(MessageRows.COLUMNS);

    /** The conversation's own time comes first: most had no change since, and of those no message is looked at. */
    private static final String CHANGED_SINCE = """
            SELECT m.conversation_id, m.seq, m.changed_at
            FROM conversation c JOIN message m ON m.conversation_id = c.id
            WHERE c.id = ANY (?) AND c.messages_changed_at >= ? AND m.changed_at >= ? AND m.created_at < ?
            ORDER BY m.changed_at, m.conversation_id, m.seq
            LIMIT ?
            """;

    private static final String VERSIONS = """
            SELECT revision, text, details, since FROM message_version WHERE conversation_id = :conversation AND seq = :seq
            UNION ALL
            SELECT 2147483647, text, details, coalesce(edited_at, created_at)
            FROM message WHERE conversation_id = :conversation AND seq = :seq AND deleted_at IS NULL
            ORDER BY revision
            """;

    private static final String REACTIONS = """
            SELECT user_id, emoji, created_at FROM reaction
            WHERE conversation_id = :conversation AND seq = :seq AND (emoji, user_id) > (:emoji, :user)
            ORDER BY emoji, user_id
            LIMIT :limit
            """;

    private static final String ACTIVE_SINCE = """
            SELECT id FROM conversation
            WHERE (last_at >= :since AND last_seq > 0 OR messages_changed_at >= :since) AND id > :after
            ORDER BY id
            LIMIT :limit
            """;

    /** As for a change: no other one of this conversation is under way. */
    private static final String LOCK = "SELECT 1 FROM conversation WHERE id = :conversation FOR NO KEY UPDATE";

    /** One statement for all that belongs to these messages, named once. */
    private static final String REMOVE_BEFORE = """
            WITH gone AS (
                DELETE FROM message WHERE conversation_id = :conversation AND seq IN (
                    SELECT seq FROM message WHERE conversation_id = :conversation AND seq < :before ORDER BY seq LIMIT :limit)
                RETURNING seq
            ), versions AS (
                DELETE FROM message_version WHERE conversation_id = :conversation AND seq IN (SELECT seq FROM gone)
            ), reactions AS (
                DELETE FROM reaction WHERE conversation_id = :conversation AND seq IN (SELECT seq FROM gone)
            )
            SELECT count(*) FROM gone
            """;

    private final Postgres postgres;
    private final @Nullable Outbox outbox;
    private final InstantSource clock;
    private final AppendWriter writer;

    /**
     * Starts the writer; {@code postgres} needs a connection for it.
     *
     * @param postgres closed by the caller, later than this store
     * @param outbox closed by the caller, later than this store; null where nothing is published
     */
    public PostgresMessageStore(Postgres postgres, @Nullable Outbox outbox, InstantSource clock, MeterRegistry meters) {
        this.postgres = postgres;
        this.outbox = outbox;
        this.clock = clock;
        this.writer = new AppendWriter(postgres, outbox, clock, meters);
    }

    @Override
    public void submit(NewMessage message, CompletableFuture<AppendOutcome> result) {
        var details = MessageDetails.write(message.body());
        writer.add(new Draft(message, details, hash(message.body().text(), details), result));
    }

    @Override
    public List<Message> before(ConversationId conversation, long before, int limit) {
        checkLimit(limit, LIMIT_MAX);
        return query(BEFORE, it -> {
            it.setLong(1, conversation.value());
            it.setLong(2, before);
            it.setInt(3, limit);
        });
    }

    @Override
    public List<Message> after(ConversationId conversation, long after, int limit) {
        checkLimit(limit, LIMIT_MAX);
        return query(AFTER, it -> {
            it.setLong(1, conversation.value());
            it.setLong(2, after);
            it.setInt(3, limit);
        });
    }

    @Override
    public Optional<Message> find(ConversationId conversation, long seq) {
        return query(FIND, it -> {
                    it.setLong(1, conversation.value());
                    it.setLong(2, seq);
                })
                .stream()
                .findFirst();
    }

    @Override
    public List<Message> findAll(ConversationId conversation, Collection<Long> seqs) {
        return query(FIND_ALL, it -> {
            it.setLong(1, conversation.value());
            it.setObject(2, seqs.stream().mapToLong(Long::longValue).toArray());
        });
    }

    @Override
    public Map<ConversationId, Message> newest(Collection<ConversationId> conversations) {
        var newest = new HashMap<ConversationId, Message>();
        var found = query(
                NEWEST,
                it -> it.setObject(
                        1,
                        conversations.stream().mapToLong(ConversationId::value).toArray()));
        found.forEach(message -> newest.put(message.conversation(), message));
        return newest;
    }

    @Override
    public List<Message> since(ConversationId conversation, long first, Instant since, int limit) {
        checkLimit(limit, SINCE_LIMIT_MAX);
        // Times never go back within a conversation, so the first older message, from the newest on, ends the search.
        var found = new ArrayList<Message>();
        long before = Long.MAX_VALUE;
        int page = Math.min(SINCE_PAGE, limit);
        while (true) {
            var upper = before;
            int size = page;
            var read = query(BEFORE, it -> {
                it.setLong(1, conversation.value());
                it.setLong(2, upper);
                it.setInt(3, size);
            });
            for (var message : read) {
                if (message.createdAt().isBefore(since) || message.seq() < first || found.size() == limit) {
                    return found.reversed();
                }
                found.add(message);
            }
            if (read.size() < size || found.size() == limit) {
                return found.reversed();
            }
            before = read.getLast().seq();
            page = Math.min(limit - found.size(), page * 2);
        }
    }

    @Override
    public List<ConversationId> activeSince(Instant since, ConversationId after, int limit) {
        return activeSince(postgres, since, after, limit);
    }

    static List<ConversationId> activeSince(Postgres postgres, Instant since, ConversationId after, int limit) {
        return postgres.with(handle -> handle.createQuery(ACTIVE_SINCE)
                .bind("since", since.atOffset(ZoneOffset.UTC))
                .bind("after", after.value())
                .bind("limit", limit)
                .map((row, context) -> new ConversationId(row.getLong("id")))
                .list());
    }

    @Override
    public MessageChangeOutcome change(MessageChange change) {
        var now = clock.instant();
        return postgres.inTransaction(db -> new ChangeTransaction(db, change, now).run());
    }

    @Override
    public int erase(ConversationId conversation, UserId person, Instant since, int limit) {
        checkLimit(limit, LIMIT_MAX);
        var now = clock.instant();
        var earliest = now.isBefore(since) ? since : now;
        return postgres.inTransaction(db -> new ErasureTransaction(db, conversation, person, earliest).run(limit));
    }

    @Override
    public List<Message> sentBy(UserId sender, ConversationId conversation, long after, int limit) {
        checkLimit(limit, LIMIT_MAX);
        return query(SENT_BY, it -> {
            it.setLong(1, conversation.value());
            it.setLong(2, sender.value());
            it.setLong(3, after);
            it.setInt(4, limit);
        });
    }

    @Override
    public List<OwnReaction> reactionsOf(UserId person, @Nullable OwnReaction after, int limit) {
        checkLimit(limit, LIMIT_MAX);
        return postgres.with(handle -> handle.createQuery(REACTIONS_OF)
                .bind("person", person.value())
                .bind("conversation", after == null ? -1 : after.conversation().value())
                .bind("seq", after == null ? 0 : after.seq())
                .bind("emoji", after == null ? "" : after.emoji())
                .bind("limit", limit)
                .map((row, context) -> new OwnReaction(
                        new ConversationId(row.getLong("conversation_id")),
                        row.getLong("seq"),
                        row.getString("emoji"),
                        row.getObject("created_at", OffsetDateTime.class).toInstant()))
                .list());
    }

    @Override
    public List<ChangedMessage> changedSince(Collection<ConversationId> conversations, Instant since, int limit) {
        checkLimit(limit, SINCE_LIMIT_MAX);
        if (conversations.isEmpty()) {
            return List.of();
        }
        var from = since.atOffset(ZoneOffset.UTC);
        long[] ids = conversations.stream().mapToLong(ConversationId::value).toArray();
        return postgres.with(handle -> handle.createQuery(CHANGED_SINCE)
                .bind(0, ids)
                .bind(1, from)
                .bind(2, from)
                .bind(3, from)
                .bind(4, limit)
                .map((row, context) -> new ChangedMessage(
                        new ConversationId(row.getLong(1)),
                        row.getLong(2),
                        row.getObject(3, OffsetDateTime.class).toInstant()))
                .list());
    }

    @Override
    public List<MessageVersion> versions(ConversationId conversation, long seq) {
        var said = postgres.with(handle -> handle.createQuery(VERSIONS)
                .bind("conversation", conversation.value())
                .bind("seq", seq)
                .map((row, context) -> new MessageVersion(
                        row.getInt("revision"),
                        MessageDetails.read(row.getString("text"), row.getString("details")),
                        row.getObject("since", OffsetDateTime.class).toInstant()))
                .list());
        var numbered = new ArrayList<MessageVersion>();
        for (var each : said) {
            numbered.add(new MessageVersion(numbered.size() + 1, each.body(), each.since()));
        }
        return numbered;
    }

    @Override
    public List<Reaction> reactions(
            ConversationId conversation, long seq, @Nullable ReactionPosition after, int limit) {
        checkLimit(limit, LIMIT_MAX);
        return postgres.with(handle -> handle.createQuery(REACTIONS)
                .bind("conversation", conversation.value())
                .bind("seq", seq)
                .bind("emoji", after == null ? "" : after.emoji())
                .bind("user", after == null ? 0 : after.user().value())
                .bind("limit", limit)
                .map((row, context) -> new Reaction(
                        new UserId(row.getLong("user_id")),
                        row.getString("emoji"),
                        row.getObject("created_at", OffsetDateTime.class).toInstant()))
                .list());
    }

    @Override
    public int removeBefore(ConversationId conversation, long before, int limit) {
        checkLimit(limit, REMOVE_LIMIT_MAX);
        return postgres.inTransaction(db -> {
            db.createQuery(LOCK)
                    .bind("conversation", conversation.value())
                    .mapTo(Integer.class)
                    .findOne();
            return db.createQuery(REMOVE_BEFORE)
                    .bind("conversation", conversation.value())
                    .bind("before", before)
                    .bind("limit", limit)
                    .mapTo(Integer.class)
                    .one();
        });
    }

    @Override
    public long moveMembers(ConversationId conversation, long version, long rowSeq) {
        return rowSeq; // appends take the lock that the caller holds
    }

    @Override
    public boolean areAhead() {
        return false;
    }

    @Override
    public Map<ConversationId, MessageHead> ahead(Collection<ConversationId> conversations) {
        return Map.of();
    }

    @Override
    public void published(Collection<Reminder> reminders) {
        Objects.requireNonNull(outbox, "this store was opened without an outbox")
                .done(reminders.stream().map(Reminder::value).toList());
    }

    /** The outbox has all there is. */
    @Override
    public List<Overdue> overdue(Instant now, int limit) {
        return List.of();
    }

    /** What is committed can be read, and nothing else is there. */
    @Override
    public boolean complete(ConversationId conversation, Instant since) {
        return true;
    }

    @Override
    public void settle(Collection<Overdue> overdue) {
        throw new IllegalArgumentException("not of this store");
    }

    @Override
    public void close() {
        writer.close();
    }

    @FunctionalInterface
    private interface Binder {
        void bind(PreparedStatement statement) throws SQLException;
    }

    /** By plain JDBC: history is read often, and Jdbi's share of a page of 50 would be half of it. */
    private List<Message> query(String sql, Binder binder) {
        try (var connection = postgres.dataSource().getConnection();
                var statement = connection.prepareStatement(sql)) {
            binder.bind(statement);
            try (var rows = statement.executeQuery()) {
                var messages = new ArrayList<Message>();
                while (rows.next()) {
                    messages.add(MessageRows.message(rows));
                }
                return messages;
            }
        } catch (SQLException e) {
            if (Postgres.isUnavailable(e)) {
                throw new StoreUnavailable("postgres", e);
            }
            throw new IllegalStateException("PostgreSQL refused a read of messages", e);
        }
    }

    static void checkLimit(int limit, int max) {
        if (limit < 1 || limit > max) {
            throw new IllegalArgumentException("limit is " + limit + "; it must be from 1 to " + max);
        }
    }

    static byte[] hash(@Nullable String text, @Nullable String details) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            if (text != null) {
                digest.update(text.getBytes(StandardCharsets.UTF_8));
            }
            if (details != null) {
                digest.update((byte) 0); // no text has one
                digest.update(details.getBytes(StandardCharsets.UTF_8));
            }
            return Arrays.copyOf(digest.digest(), HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
