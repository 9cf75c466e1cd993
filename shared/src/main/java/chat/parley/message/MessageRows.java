package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/** From rows of {@code message} to records. */
final class MessageRows {
    /** What {@link #message} reads, in this order; {@code m} is the table's name in the statement. */
    static final String COLUMNS = "m.conversation_id, m.seq, m.sender_id, m.client_message_id, m.text, m.created_at, "
            + "m.details, m.version, m.reactions, m.edited_at, m.deleted_at, m.changed_at";

    private MessageRows() {}

    static Message message(ResultSet row) throws SQLException {
        var body = MessageDetails.read(row.getString(5), row.getString(7));
        var changedAt = instantOrNull(row, 12);
        var state = changedAt == null
                ? MessageState.NEW
                : new MessageState(
                        row.getInt(8), row.getString(9), instantOrNull(row, 10), instantOrNull(row, 11), changedAt);
        return new Message(
                new ConversationId(row.getLong(1)),
                row.getLong(2),
                new UserId(row.getLong(3)),
                row.getString(4),
                body,
                row.getObject(6, OffsetDateTime.class).toInstant(),
                state);
    }

    private static @Nullable Instant instantOrNull(ResultSet row, int column) throws SQLException {
        var time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
