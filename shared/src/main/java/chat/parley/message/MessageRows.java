package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/** From rows of {@code message} to records. */
public final class MessageRows {
    /** What {@link #message} reads, in this order; {@code m} is the table's name in the statement. */
    public static final String COLUMNS =
            "m.conversation_id, m.seq, m.sender_id, m.client_message_id, m.text, m.created_at, "
                    + "m.details, m.version, m.reactions, m.edited_at, m.deleted_at, m.changed_at";

    /** How many columns these are. */
    public static final int COUNT = (int) COLUMNS.chars().filter(c -> c == ',').count() + 1;

    private MessageRows() {}

    static Message message(ResultSet row) throws SQLException {
        return message(row, 0);
    }

    /** The message whose columns begin at {@code first}, the lowest being 1; null where an outer join found none. */
    public static @Nullable Message messageOrNull(ResultSet row, int first) throws SQLException {
        row.getLong(first);
        return row.wasNull() ? null : message(row, first - 1);
    }

    /** @param skipped columns before the first one */
    private static Message message(ResultSet row, int skipped) throws SQLException {
        var body = MessageDetails.read(row.getString(skipped + 5), row.getString(skipped + 7));
        var changedAt = instantOrNull(row, skipped + 12);
        var state = changedAt == null
                ? MessageState.NEW
                : new MessageState(
                        row.getInt(skipped + 8),
                        row.getString(skipped + 9),
                        instantOrNull(row, skipped + 10),
                        instantOrNull(row, skipped + 11),
                        changedAt);
        return new Message(
                new ConversationId(row.getLong(skipped + 1)),
                row.getLong(skipped + 2),
                new UserId(row.getLong(skipped + 3)),
                row.getString(skipped + 4),
                body,
                row.getObject(skipped + 6, OffsetDateTime.class).toInstant(),
                state);
    }

    private static @Nullable Instant instantOrNull(ResultSet row, int column) throws SQLException {
        var time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
