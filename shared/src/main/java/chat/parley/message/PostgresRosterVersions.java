package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;

/** The versions in {@code conversation.members_version}; its row's lock holds changes of members back. Heads and senders' marks are noted for many conversations at once. */
public final class PostgresRosterVersions implements RosterVersions {
    private static final String VERSION = "SELECT members_version FROM conversation WHERE id = ?";

    /**
     * Waits for no row of a conversation: whoever holds one may be waiting for the store of messages. Who sends has read up to there, as in {@code sender_has_read}; both are
     * moved together, so that an unread count never counts one's own.
     */
    private static final String NOTE = """
            WITH news AS (
                SELECT * FROM unnest(?, ?, ?, ?) AS n (id, seq, at, changed_at)
            ), locked AS MATERIALIZED (
                SELECT n.* FROM news n JOIN conversation c USING (id) FOR NO KEY UPDATE OF c SKIP LOCKED
            ), noted AS (
                UPDATE conversation c
                SET last_seq = greatest(c.last_seq, l.seq), last_at = greatest(c.last_at, l.at),
                    messages_changed_at = greatest(c.messages_changed_at, l.changed_at)
                FROM locked l WHERE c.id = l.id
                RETURNING c.id
            ), marks AS (
                UPDATE member m
                SET read_seq = s.seq, delivered_seq = greatest(m.delivered_seq, s.seq)
                FROM unnest(?, ?, ?) AS s (conversation_id, user_id, seq) JOIN noted ON noted.id = s.conversation_id
                WHERE m.conversation_id = s.conversation_id AND m.user_id = s.user_id AND m.read_seq < s.seq
            )
            SELECT n.id FROM news n JOIN conversation c USING (id) WHERE NOT EXISTS (SELECT FROM noted WHERE noted.id = n.id)
            """;

    private static final String SAID = """
            WITH said AS (
                SELECT s.seq, m.id FROM unnest(:seqs, :details) AS s (seq, details), unnest(media_of(s.details)) AS m (id)
            ), used AS (
                SELECT media_id AS id, seq FROM media_use WHERE conversation_id = :conversation AND seq = ANY (:seqs)
            )
            """;

    /** In the order of their ids, as the triggers do that stand for this where messages are in PostgreSQL. */
    private static final String LOCK = SAID
            + "SELECT id FROM media WHERE id IN (SELECT id FROM said UNION SELECT id FROM used) ORDER BY id FOR UPDATE";

    private static final String USE = SAID + """
            INSERT INTO media_use (media_id, conversation_id, seq)
            SELECT said.id, :conversation, said.seq FROM said JOIN media ON media.id = said.id AND media.state = 'ready'
            ON CONFLICT DO NOTHING""";

    private static final String KEEP =
            SAID + "UPDATE media SET remove_after = NULL WHERE id IN (SELECT id FROM said) AND state = 'ready'";

    private static final String LET_GO = SAID + """
            DELETE FROM media_use u
            WHERE u.conversation_id = :conversation AND u.seq = ANY (:seqs)
                AND NOT EXISTS (SELECT FROM said WHERE said.id = u.media_id AND said.seq = u.seq)
            RETURNING u.media_id""";

    private static final String LOCK_BEFORE = """
            SELECT id FROM media
            WHERE id IN (SELECT media_id FROM media_use WHERE conversation_id = :conversation AND seq < :before)
            ORDER BY id FOR UPDATE""";

    private static final String LET_GO_BEFORE =
            "DELETE FROM media_use WHERE conversation_id = :conversation AND seq < :before RETURNING media_id";

    private final Postgres postgres;

    /** {@code postgres} is closed by the caller. */
    public PostgresRosterVersions(Postgres postgres) {
        this.postgres = postgres;
    }

    @Override
    public OptionalLong of(ConversationId conversation) {
        var version = postgres.with(db -> read(db, VERSION, conversation));
        return version.map(OptionalLong::of).orElseGet(OptionalLong::empty);
    }

    @Override
    public void hold(ConversationId conversation, LongConsumer work) {
        postgres.inTransaction(db -> {
            read(db, VERSION + " FOR NO KEY UPDATE", conversation).ifPresent(work::accept);
            return conversation;
        });
    }

    @Override
    public Set<ConversationId> note(Collection<Moved> news) {
        try (var connection = postgres.dataSource().getConnection();
                var note = connection.prepareStatement(NOTE)) {
            bind(connection, note, List.copyOf(news));
            try (var rows = note.executeQuery()) {
                var held = new HashSet<ConversationId>();
                while (rows.next()) {
                    held.add(new ConversationId(rows.getLong(1)));
                }
                return held;
            }
        } catch (SQLException e) {
            if (Postgres.isUnavailable(e)) {
                throw new StoreUnavailable("postgres", e);
            }
            throw new IllegalStateException("PostgreSQL refused to note heads", e);
        }
    }

    private static void bind(Connection connection, PreparedStatement note, List<Moved> news) throws SQLException {
        int count = news.size();
        var ids = new long[count];
        var seqs = new @Nullable Long[count];
        var times = new @Nullable OffsetDateTime[count];
        var changes = new @Nullable OffsetDateTime[count];
        var conversations = new ArrayList<Long>();
        var senders = new ArrayList<Long>();
        var marks = new ArrayList<Long>();
        for (int i = 0; i < count; i++) {
            var each = news.get(i);
            ids[i] = each.conversation().value();
            var head = each.head();
            seqs[i] = head == null ? null : head.lastSeq();
            times[i] = head == null ? null : time(head.lastAt());
            changes[i] = each.changedAt() == null ? null : time(each.changedAt());
            each.senders().forEach((sender, seq) -> {
                conversations.add(each.conversation().value());
                senders.add(sender.value());
                marks.add(seq);
            });
        }
        note.setObject(1, ids);
        note.setArray(2, connection.createArrayOf("bigint", seqs));
        note.setArray(3, connection.createArrayOf("timestamptz", times));
        note.setArray(4, connection.createArrayOf("timestamptz", changes));
        note.setArray(5, connection.createArrayOf("bigint", conversations.toArray()));
        note.setArray(6, connection.createArrayOf("bigint", senders.toArray()));
        note.setArray(7, connection.createArrayOf("bigint", marks.toArray()));
    }

    @Override
    public void carry(ConversationId conversation, Map<Long, String> details) {
        postgres.<Integer, RuntimeException>inTransaction(db -> {
            said(db.createQuery(LOCK), conversation, details).mapTo(Long.class).list();
            said(db.createUpdate(USE), conversation, details).execute();
            said(db.createUpdate(KEEP), conversation, details).execute();
            return letGo(
                    db,
                    said(db.createQuery(LET_GO), conversation, details)
                            .mapTo(Long.class)
                            .list());
        });
    }

    @Override
    public void carryNothing(ConversationId conversation, long before) {
        postgres.<Integer, RuntimeException>inTransaction(db -> {
            removed(db.createQuery(LOCK_BEFORE), conversation, before);
            return letGo(db, removed(db.createQuery(LET_GO_BEFORE), conversation, before));
        });
    }

    private static <S extends SqlStatement<S>> S said(
            S statement, ConversationId conversation, Map<Long, String> details) {
        return statement
                .bind("conversation", conversation.value())
                .bindArray("seqs", Long.class, details.keySet().toArray())
                .bindArray("details", String.class, details.values().toArray());
    }

    private static List<Long> removed(Query query, ConversationId conversation, long before) {
        return query.bind("conversation", conversation.value())
                .bind("before", before)
                .mapTo(Long.class)
                .list();
    }

    /** What nothing uses any more may be removed; the rows are locked. */
    private static int letGo(Handle db, List<Long> media) {
        if (!media.isEmpty()) {
            db.createQuery("SELECT let_go_of_media(:ids)::text")
                    .bindArray("ids", Long.class, media.toArray())
                    .mapTo(String.class)
                    .list();
        }
        return media.size();
    }

    @Override
    public List<ConversationId> activeSince(Instant since, ConversationId after, int limit) {
        return PostgresMessageStore.activeSince(postgres, since, after, limit);
    }

    private static OffsetDateTime time(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }

    private static Optional<Long> read(Handle db, String sql, ConversationId conversation) {
        return db.createQuery(sql)
                .bind(0, conversation.value())
                .mapTo(Long.class)
                .findOne();
    }
}
