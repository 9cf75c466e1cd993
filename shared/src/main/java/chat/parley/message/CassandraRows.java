package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import com.datastax.oss.driver.api.core.cql.Row;
import java.util.Objects;

/** Kinds of rows of {@code message_log}, and what is read from them. */
final class CassandraRows {
    static final byte MESSAGE = 0;
    static final byte KEY = 1;
    static final byte VERSION = 2;
    static final byte REACTION = 3;
    static final byte CHANGE = 4;

    /** What {@link #message} reads. */
    static final String COLUMNS =
            "conversation_id, n, sender_id, client_message_id, text, details, created_at, version,"
                    + " reactions, edited_at, deleted_at, changed_at";

    private CassandraRows() {}

    static Message message(Row row) {
        var changedAt = row.getInstant("changed_at");
        var state = changedAt == null
                ? MessageState.NEW
                : new MessageState(
                        row.getInt("version"),
                        row.getString("reactions"),
                        row.getInstant("edited_at"),
                        row.getInstant("deleted_at"),
                        changedAt);
        return new Message(
                new ConversationId(row.getLong("conversation_id")),
                row.getLong("n"),
                new UserId(row.getLong("sender_id")),
                Objects.requireNonNull(row.getString("client_message_id")),
                MessageDetails.read(row.getString("text"), row.getString("details")),
                Objects.requireNonNull(row.getInstant("created_at")),
                state);
    }
}
