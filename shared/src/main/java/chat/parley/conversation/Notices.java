package chat.parley.conversation;

import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.Outbox;
import chat.parley.outbox.OutboxKind;
import chat.parley.postgres.Postgres;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Notices that are not yet known to be messages. They are written in the transaction of the change that they tell of, so that a crash loses none.
 * Safe for use by many threads; every method throws {@link StoreUnavailable} when the outcome is unknown, and may be repeated.
 */
public final class Notices {
    /** Most people named by one notice: it travels to every member. */
    private static final int NAMED_MAX = 20;

    private static final String ADD = """
            INSERT INTO notice (conversation_id, at, actor_id, body) VALUES (:conversation, :at, :actor, :body)
            """;

    private static final String FIND = "SELECT body FROM notice WHERE conversation_id = :conversation AND at = :at";

    private static final String FORGET = "DELETE FROM notice WHERE conversation_id = :conversation AND at = :at";

    private final Postgres postgres;

    /** Reads and deletes through {@code postgres}, which the caller closes. */
    public Notices(Postgres postgres) {
        this.postgres = postgres;
    }

    /** The notice that an outbox row stands for; empty when it is a message already. */
    public Optional<Notice> find(Outbox.Row row) {
        return postgres.with(db -> db.createQuery(FIND)
                .bind("conversation", row.conversation().value())
                .bind("at", Rows.time(row.at()))
                .map((found, context) ->
                        new Notice(row.conversation(), row.at(), row.actor(), found.getString("body"), row.id()))
                .findOne());
    }

    /** It is a message now. */
    public void forget(Notice notice) {
        postgres.<Integer, RuntimeException>with(db -> db.createUpdate(FORGET)
                .bind("conversation", notice.conversation().value())
                .bind("at", Rows.time(notice.at()))
                .execute());
    }

    /** That people joined; null where it is not to be said: to a public channel people come and go. */
    static @Nullable Notice joined(LockedConversation locked, UserId actor, List<UserId> joiners) {
        boolean alone = joiners.equals(List.of(actor));
        return locked.settings().isPublic() && alone ? null : add(locked, actor, people("member.joined", joiners));
    }

    /** That someone left or was removed; null where it is not to be said, or nobody is left to read it. */
    static @Nullable Notice left(LockedConversation locked, UserId actor, UserId leaver) {
        boolean alone = actor.equals(leaver);
        if (locked.memberCount() == 1 || (locked.settings().isPublic() && alone)) {
            return null;
        }
        return add(locked, actor, people(alone ? "member.left" : "member.removed", List.of(leaver)));
    }

    /** That the conversation has another name. */
    static Notice renamed(LockedConversation locked, UserId actor, String name) {
        return add(locked, actor, json -> {
            json.writeStartObject();
            json.writeStringField("event", "conversation.renamed");
            json.writeStringField("name", name);
            json.writeEndObject();
        });
    }

    private static JsonText.Writer people(String event, List<UserId> users) {
        return json -> {
            json.writeStartObject();
            json.writeStringField("event", event);
            json.writeArrayFieldStart("user_ids");
            for (var user : users.subList(0, Math.min(NAMED_MAX, users.size()))) {
                json.writeString(user.toString());
            }
            json.writeEndArray();
            json.writeNumberField("count", users.size());
            json.writeEndObject();
        };
    }

    private static Notice add(LockedConversation locked, UserId actor, JsonText.Writer writer) {
        String body = new String(JsonText.bytes(writer), StandardCharsets.UTF_8);
        locked.db()
                .createUpdate(ADD)
                .bind("conversation", locked.id().value())
                .bind("at", Rows.time(locked.at()))
                .bind("actor", actor.value())
                .bind("body", body)
                .execute();
        return new Notice(locked.id(), locked.at(), actor, body, locked.remember(OutboxKind.NOTICE_DUE, actor, actor));
    }
}
