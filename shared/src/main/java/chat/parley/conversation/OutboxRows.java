package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.outbox.OutboxKind;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** Writes outbox rows in the transaction of the change they remember. */
final class OutboxRows {
    private static final String ADD = """
            INSERT INTO outbox (conversation_id, kind, subject, actor_id, created_at)
            SELECT :conversation, :kind, changed.id, :actor, :at
            FROM unnest(:subjects) WITH ORDINALITY AS changed (id, place) ORDER BY changed.place
            RETURNING id
            """;

    private OutboxRows() {}

    static List<Long> add(
            Handle db, ConversationId conversation, OutboxKind kind, List<UserId> subjects, UserId actor, Instant at) {
        return db.createQuery(ADD)
                .bind("conversation", conversation.value())
                .bind("kind", kind.number())
                .bind("subjects", Rows.ids(subjects, UserId::value))
                .bind("actor", actor.value())
                .bind("at", Rows.time(at))
                .mapTo(Long.class)
                .list();
    }
}
