package chat.parley.search;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The words of messages, in PostgreSQL. It may lag behind the messages and lose its last second when the server dies: whoever reads it checks what it names against
 * the messages, and a sweep completes it. Safe for use by many threads.
 */
public final class SearchIndex {
    private static final Logger LOG = LoggerFactory.getLogger(SearchIndex.class);

    /** Of so many conversations each is looked up; who is in more searches all rows and drops those of others. */
    private static final int CONVERSATIONS_MAX = 1_000;

    private static final Instant END_OF_TIME = Instant.parse("9999-12-31T00:00:00Z");

    /** Before every hit: where the first page starts. */
    private static final Hit FIRST =
            new Hit(new ConversationId(Long.MAX_VALUE), Long.MAX_VALUE, Float.MAX_VALUE, END_OF_TIME);

    private static final String PUT = """
            INSERT INTO message_search (conversation_id, seq, sender_id, created_at, version, words)
            SELECT conversation_id, seq, sender_id, created_at, version, words::tsvector
            FROM unnest(?, ?, ?, ?, ?, ?) AS read (conversation_id, seq, sender_id, created_at, version, words)
            ON CONFLICT (conversation_id, seq) DO UPDATE SET version = excluded.version, words = excluded.words
            WHERE message_search.version < excluded.version
            """;

    private static final String VERSIONS = """
            SELECT seq, version FROM message_search WHERE conversation_id = :conversation AND seq = ANY (:seqs)
            """;

    private static final String CONVERSATIONS = """
            SELECT conversation_id FROM member WHERE user_id = :reader AND left_at IS NULL LIMIT :limit
            """;

    /**
     * The index answers the words, the conversations and the sender in one look. Only then is asked what of it the reader may see: in the same snapshot, so that
     * who was just removed finds nothing more.
     */
    static final String FIND = """
            WITH hit AS MATERIALIZED (
                SELECT conversation_id, seq, created_at,
                    CASE WHEN :ranked
                        THEN ts_rank(words, CAST(:words AS tsquery), 1) + ts_rank(words, CAST(:wholeWords AS tsquery), 1)
                        ELSE CAST(0 AS real) END AS rank
                FROM message_search
                WHERE words @@ CAST(:query AS tsquery) AND created_at >= :from AND created_at < :to
            )
            SELECT hit.conversation_id, hit.seq, hit.rank, hit.created_at
            FROM hit JOIN member me USING (conversation_id) JOIN conversation c ON c.id = hit.conversation_id
            WHERE me.user_id = :reader AND me.left_at IS NULL AND hit.seq >= greatest(me.joined_seq, c.first_seq)
                AND (hit.rank, hit.created_at, hit.conversation_id, hit.seq)
                    < (CAST(:rank AS real), :at, :conversation, :seq)
            ORDER BY hit.rank DESC, hit.created_at DESC, hit.conversation_id DESC, hit.seq DESC
            LIMIT :limit
            """;

    private static final String REMOVE_BEFORE = """
            DELETE FROM message_search
            WHERE conversation_id = :conversation AND seq IN (
                SELECT seq FROM message_search WHERE conversation_id = :conversation AND seq < :before ORDER BY seq LIMIT :limit)
            """;

    private static final String ERASE = """
            UPDATE message_search SET words = NULL
            WHERE (conversation_id, seq) IN (
                SELECT conversation_id, seq FROM message_search WHERE words @@ CAST(:query AS tsquery) LIMIT :step)
            """;

    private static final int ERASE_STEP = 500;

    private static final String NOTE_SWEPT = """
            INSERT INTO search_sweep (one, swept_until) VALUES (true, ?)
            ON CONFLICT (one) DO UPDATE SET swept_until = excluded.swept_until
            """;

    /** Any number that no other advisory lock of this database has. */
    private static final long SWEEP_LOCK = 0x7365_6172_6368L;

    private final Postgres postgres;

    /** {@code postgres} is closed by the caller. */
    public SearchIndex(Postgres postgres) {
        this.postgres = postgres;
    }

    /**
     * Makes these messages found as they stand, and what was deleted found no more; an older state of a message never replaces a newer one. Returns before the disk
     * has it.
     */
    public void put(Collection<Message> messages) {
        var newest = new HashMap<String, Message>();
        for (var message : messages) {
            newest.merge(
                    message.conversation().value() + ":" + message.seq(),
                    message,
                    (one, other) -> one.state().version() >= other.state().version() ? one : other);
        }
        // In the order of the key: two nodes that write the same rows do not wait for each other in a circle.
        var rows = newest.values().stream()
                .sorted((one, other) -> one.conversation().equals(other.conversation())
                        ? Long.compare(one.seq(), other.seq())
                        : one.conversation().compareTo(other.conversation()))
                .map(message -> new Row(message, vector(message)))
                .toList();
        if (!rows.isEmpty()) {
            put(rows);
        }
    }

    /** @param vector null for what cannot be found */
    private record Row(Message message, @Nullable String vector) {}

    private static @Nullable String vector(Message message) {
        return SearchableText.of(message).isEmpty() ? null : SearchableText.vector(message);
    }

    private void put(List<Row> rows) {
        try (var connection = postgres.dataSource().getConnection()) {
            connection.setAutoCommit(false);
            try (var settings = connection.createStatement();
                    var insert = connection.prepareStatement(PUT)) {
                // What a crash takes the sweep brings back; waiting for the disk would cost every batch.
                settings.execute("SET LOCAL synchronous_commit = off");
                // Arrays of a type of their own go as they are; others the driver writes as text, sign by sign.
                insert.setObject(
                        1, longs(rows, row -> row.message.conversation().value()));
                insert.setObject(2, longs(rows, row -> row.message.seq()));
                insert.setObject(3, longs(rows, row -> row.message.sender().value()));
                insert.setArray(
                        4,
                        texts(
                                connection,
                                "timestamptz",
                                rows,
                                row -> row.message.createdAt().toString()));
                insert.setObject(
                        5,
                        rows.stream()
                                .mapToInt(row -> row.message.state().version())
                                .toArray());
                insert.setArray(6, texts(connection, "text", rows, Row::vector));
                insert.executeUpdate();
                connection.commit();
            }
        } catch (SQLException e) {
            if (Postgres.isUnavailable(e)) {
                throw new StoreUnavailable("postgres", e);
            }
            refused(rows, e);
        }
    }

    private static long[] longs(List<Row> rows, ToLongFunction<Row> value) {
        return rows.stream().mapToLong(value).toArray();
    }

    private static java.sql.Array texts(
            Connection connection, String type, List<Row> rows, Function<Row, @Nullable String> value)
            throws SQLException {
        return connection.createArrayOf(type, rows.stream().map(value).toArray(String[]::new));
    }

    /** One of them is to blame. It is kept without its words, so that it is not tried for ever. */
    private void refused(List<Row> rows, SQLException reason) {
        if (rows.size() > 1) {
            rows.forEach(row -> put(List.of(row)));
            return;
        }
        var row = rows.getFirst();
        if (row.vector == null) {
            throw new IllegalStateException("PostgreSQL refused a row of the index", reason);
        }
        LOG.error("message {}:{} cannot be found", row.message.conversation(), row.message.seq(), reason);
        put(List.of(new Row(row.message, null)));
    }

    /** Makes what this person sent found no more, whether or not its deletion came here yet; some milliseconds a step. */
    public void erase(UserId sender) {
        int rows;
        do {
            rows = postgres.<Integer, RuntimeException>with(db -> db.createUpdate(ERASE)
                    .bind("query", Lexemes.of(sender))
                    .bind("step", ERASE_STEP)
                    .execute());
        } while (rows == ERASE_STEP);
    }

    /** The versions in which these messages stand here; of those that are missing, none. */
    public Map<Long, Integer> versions(ConversationId conversation, Collection<Long> seqs) {
        var versions = new HashMap<Long, Integer>();
        postgres.with(db -> db.createQuery(VERSIONS)
                        .bind("conversation", conversation.value())
                        .bind("seqs", seqs.stream().mapToLong(Long::longValue).toArray())
                        .map((row, context) -> Map.entry(row.getLong("seq"), row.getInt("version")))
                        .list())
                .forEach(entry -> versions.put(entry.getKey(), entry.getValue()));
        return versions;
    }

    /**
     * What the index names, first first.
     *
     * @param after null for the first page
     */
    public List<Hit> find(SearchQuery search, @Nullable Hit after, int limit) {
        var conversations = search.conversation() == null ? conversations(search) : List.of(search.conversation());
        if (conversations.isEmpty()) {
            return List.of();
        }
        var place = after == null ? FIRST : after;
        return postgres.with(db -> db.createQuery(FIND)
                .bind("ranked", search.order() == SearchQuery.Order.RANK)
                .bind("words", search.words().query())
                .bind("wholeWords", search.words().wholeQuery())
                .bind("query", query(search, conversations))
                .bind("from", time(search.from() == null ? Instant.EPOCH : search.from()))
                .bind("to", time(search.to() == null ? END_OF_TIME : search.to()))
                .bind("reader", search.reader().value())
                .bind("rank", place.rank())
                .bind("at", time(place.at()))
                .bind("conversation", place.conversation().value())
                .bind("seq", place.seq())
                .bind("limit", limit)
                .map((row, context) -> new Hit(
                        new ConversationId(row.getLong("conversation_id")),
                        row.getLong("seq"),
                        row.getFloat("rank"),
                        row.getObject("created_at", OffsetDateTime.class).toInstant()))
                .list());
    }

    private List<ConversationId> conversations(SearchQuery search) {
        return postgres.with(db -> db.createQuery(CONVERSATIONS)
                .bind("reader", search.reader().value())
                .bind("limit", CONVERSATIONS_MAX + 1)
                .map((row, context) -> new ConversationId(row.getLong("conversation_id")))
                .list());
    }

    /** Words that are common everywhere are rare in the conversations of one person: so these are asked for too, as words. */
    static String query(SearchQuery search, List<ConversationId> conversations) {
        var query = new StringBuilder(search.words().query());
        if (conversations.size() <= CONVERSATIONS_MAX) {
            query.append(conversations.stream().map(Lexemes::of).collect(Collectors.joining(" | ", " & (", ")")));
        }
        if (search.sender() != null) {
            query.append(" & ").append(Lexemes.of(search.sender()));
        }
        return query.toString();
    }

    /** Forgets messages before {@code before}, at most {@code limit}; says how many there were. */
    public int removeBefore(ConversationId conversation, long before, int limit) {
        return postgres.with(db -> db.createUpdate(REMOVE_BEFORE)
                .bind("conversation", conversation.value())
                .bind("before", before)
                .bind("limit", limit)
                .execute());
    }

    /** Everything stored or changed before this time is here; empty before the first sweep. */
    public Optional<Instant> sweptUntil() {
        return postgres.with(db -> db.createQuery("SELECT swept_until FROM search_sweep")
                .map((row, context) ->
                        row.getObject("swept_until", OffsetDateTime.class).toInstant())
                .findOne());
    }

    /** Notes that everything stored or changed before {@code time} is here. */
    public void noteSwept(Instant time) {
        postgres.with(db -> db.createUpdate(NOTE_SWEPT).bind(0, time(time)).execute());
    }

    /** Runs a sweep unless another node is at it; false then. */
    public boolean alone(Runnable sweep) {
        return postgres.alone(SWEEP_LOCK, sweep);
    }

    private static OffsetDateTime time(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
