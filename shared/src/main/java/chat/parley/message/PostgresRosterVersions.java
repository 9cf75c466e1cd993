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
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jdbi.v3.core.Handle;
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
