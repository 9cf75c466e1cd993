package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.ToLongFunction;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/** From rows of {@code conversation} and {@code member} to records, and from values to arguments. */
final class Rows {
    /** What {@link #conversation} reads; {@code c} is the table's name in the statement. */
    static final String CONVERSATION =
            "c.id, c.type, c.name, c.topic, c.public, c.posting, c.history, c.created_at, c.updated_at, c.member_count, "
                    + "c.last_seq, c.last_at, nullif(c.pinned_seqs, '{}') AS pinned_seqs, c.retention_seconds, c.first_seq";

    /**
     * What {@link #memberState} reads; {@code m} is the table's name in the statement. No column is named as one above. What expired is seen by nobody, as if all had joined
     * afterwards.
     */
    static final String MEMBER = member("(SELECT first_seq FROM conversation WHERE id = m.conversation_id)");

    /**
     * What {@link #notifications} reads besides {@link #memberState}: of one's own membership only. The conversation is in the statement too, as {@code c}: asking for it once
     * more for each row would double the cost of a list.
     */
    static final String MINE = member("c.first_seq") + ", m.muted_until, m.notifications";

    private Rows() {}

    private static String member(String firstSeq) {
        return "m.conversation_id, m.user_id, m.role, m.joined_at, greatest(m.joined_seq, " + firstSeq
                + ") AS joined_seq, m.read_seq, m.delivered_seq, m.left_at, m.left_seq, m.changed_at";
    }

    static Conversation conversation(ResultSet row, List<Member> members) throws SQLException {
        return new Conversation(
                new ConversationId(row.getLong("id")),
                type(row),
                settings(row),
                instant(row, "created_at"),
                row.getInt("member_count"),
                row.getLong("last_seq"),
                instant(row, "last_at"),
                row.getLong("first_seq"),
                pinned(row),
                members);
    }

    /** Mostly none, and reading an array costs as much as the rest of the row. */
    private static List<Long> pinned(ResultSet row) throws SQLException {
        var pinned = row.getArray("pinned_seqs");
        return pinned == null ? List.of() : List.of((Long[]) pinned.getArray());
    }

    static Conversation.Type type(ResultSet row) throws SQLException {
        return Conversation.Type.valueOf(row.getString("type").toUpperCase(Locale.ROOT));
    }

    private static ConversationSettings settings(ResultSet row) throws SQLException {
        long retention = row.getLong("retention_seconds"); // 0 for null
        return new ConversationSettings(
                row.getString("name"),
                row.getString("topic"),
                row.getBoolean("public"),
                Posting.of(row.getString("posting")),
                NewcomerHistory.of(row.getString("history")),
                retention == 0 ? null : Duration.ofSeconds(retention));
    }

    /** Binds {@code :name, :topic, :public, :posting, :history, :searchName, :searchWords}. */
    static Update bind(ConversationSettings settings, Update update) {
        String name = settings.name();
        String found = settings.isPublic() ? name : null;
        return update.bind("name", name)
                .bind("topic", settings.topic())
                .bind("public", settings.isPublic())
                .bind("posting", settings.posting().text())
                .bind("history", settings.history().text())
                .bind("searchName", found == null ? null : ChannelName.folded(found))
                .bind("searchWords", found == null ? null : texts(ChannelName.words(found)));
    }

    static Member member(ResultSet row) throws SQLException {
        return new Member(
                new ConversationId(row.getLong("conversation_id")),
                new UserId(row.getLong("user_id")),
                Role.of(row.getString("role")),
                instant(row, "joined_at"),
                row.getLong("joined_seq"),
                row.getLong("read_seq"),
                row.getLong("delivered_seq"));
    }

    static MemberState memberState(ResultSet row) throws SQLException {
        var leftAt = instantOrNull(row, "left_at");
        var left = leftAt == null ? null : new Departure(leftAt, row.getLong("left_seq"));
        return new MemberState(member(row), instant(row, "changed_at"), left);
    }

    static Notifications notifications(ResultSet row) throws SQLException {
        return new Notifications(
                Notifications.Level.of(row.getString("notifications")), instantOrNull(row, "muted_until"));
    }

    static Instant instant(ResultSet row, String column) throws SQLException {
        return Objects.requireNonNull(instantOrNull(row, column), column);
    }

    private static @Nullable Instant instantOrNull(ResultSet row, String column) throws SQLException {
        var time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    static OffsetDateTime time(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }

    private static Argument texts(List<String> items) {
        return (position, statement, context) ->
                statement.setArray(position, statement.getConnection().createArrayOf("text", items.toArray()));
    }

    /** An argument for {@code = ANY(:ids)} or {@code unnest(:ids)}. */
    static <T> Argument ids(Collection<T> items, ToLongFunction<T> id) {
        Object[] values = items.stream().mapToLong(id).boxed().toArray();
        return (position, statement, context) ->
                statement.setArray(position, statement.getConnection().createArrayOf("bigint", values));
    }
}
