package chat.parley.safety;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;

/** What is kept of one person's blocks and reports: for an export and for an erasure. Safe for use by many threads; throws {@link StoreUnavailable}. */
public final class OwnSafety {
    private static final String FILED = """
            SELECT conversation_id, seq, reason, note, reported_at FROM report
            WHERE reporter_id = :user AND (conversation_id, seq) > (:conversation, :seq)
            ORDER BY conversation_id, seq
            LIMIT :limit
            """;

    private static final String FORGET_BLOCKS = "DELETE FROM block WHERE blocker_id = :user OR blocked_id = :user";

    /** What they reported, and what was reported of them: the report holds their words as they were. */
    private static final String FORGET_REPORTS = """
            DELETE FROM report r
            WHERE reporter_id = :user
                OR CAST(r.snapshot AS json) ->> 'sender_id' = :userText
            """;

    private final Postgres postgres;

    /** {@code postgres} is closed by the caller. */
    public OwnSafety(Postgres postgres) {
        this.postgres = postgres;
    }

    /** A report of this person's. */
    public record Filed(ConversationId conversation, long seq, Report.Reason reason, String note, Instant at) {}

    /** What this person reported, by conversation and message, after this one. */
    public List<Filed> filed(UserId user, ConversationId conversation, long seq, int limit) {
        return postgres.with(db -> db.createQuery(FILED)
                .bind("user", user.value())
                .bind("conversation", conversation.value())
                .bind("seq", seq)
                .bind("limit", limit)
                .map((row, context) -> new Filed(
                        new ConversationId(row.getLong("conversation_id")),
                        row.getLong("seq"),
                        Report.Reason.of(row.getString("reason")),
                        row.getString("note"),
                        row.getObject("reported_at", OffsetDateTime.class).toInstant()))
                .list());
    }

    /** Whom this person blocks and who blocks them; reports by them, and of what they said. */
    public void erase(UserId user) {
        postgres.<Integer, RuntimeException>with(
                db -> db.createUpdate(FORGET_BLOCKS).bind("user", user.value()).execute());
        postgres.<Integer, RuntimeException>with(db -> db.createUpdate(FORGET_REPORTS)
                .bind("user", user.value())
                .bind("userText", user.toString())
                .execute());
    }
}
