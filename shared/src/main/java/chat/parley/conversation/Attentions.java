package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How members follow their conversations, many at once. Safe for use by many threads; throws {@link StoreUnavailable}. */
public final class Attentions {
    private static final String OF = """
            SELECT m.conversation_id, m.user_id, c.type, c.name, c.member_count, c.large, greatest(m.joined_seq, c.first_seq) AS first_seq,
                m.read_seq, m.delivered_seq, m.muted_until, m.notifications, m.notifications_chosen
            FROM unnest(:users, :conversations) AS wanted (user_id, conversation_id)
            JOIN member m ON m.user_id = wanted.user_id AND m.conversation_id = wanted.conversation_id
            JOIN conversation c ON c.id = m.conversation_id
            WHERE m.left_at IS NULL
            """;

    private final Postgres postgres;

    /** @param postgres closed by the caller */
    public Attentions(Postgres postgres) {
        this.postgres = postgres;
    }

    /** A person and a conversation. */
    public record Follower(UserId user, ConversationId conversation) {}

    /** Of each that is a member now, by one statement. */
    public Map<Follower, Attention> of(Collection<Follower> followers) {
        var wanted = List.copyOf(followers);
        return postgres.with(db -> {
            var found = new HashMap<Follower, Attention>();
            db.createQuery(OF)
                    .bind("users", Rows.ids(wanted, follower -> follower.user.value()))
                    .bind("conversations", Rows.ids(wanted, follower -> follower.conversation.value()))
                    .map((row, context) -> Map.entry(
                            new Follower(
                                    new UserId(row.getLong("user_id")),
                                    new ConversationId(row.getLong("conversation_id"))),
                            attention(row)))
                    .forEach(each -> found.put(each.getKey(), each.getValue()));
            return found;
        });
    }

    private static Attention attention(ResultSet row) throws SQLException {
        int memberCount = row.getInt("member_count");
        boolean isLarge = memberCount > MembersMarks.TOLD_MEMBERS_MAX || row.getBoolean("large");
        var stored = Rows.notifications(row);
        boolean isAsInTheBeginning =
                stored.level() == Notifications.Level.ALL && !row.getBoolean("notifications_chosen");
        var notifications = isLarge && isAsInTheBeginning
                ? new Notifications(Notifications.Level.MENTIONS, stored.mutedUntil())
                : stored;
        return new Attention(
                Rows.type(row),
                row.getString("name"),
                memberCount,
                row.getLong("first_seq"),
                row.getLong("read_seq"),
                row.getLong("delivered_seq"),
                notifications);
    }
}
