package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * All that a person is or ever was a member of, page by page: for an export and for an erasure. Safe for use by many threads; every method throws
 * {@link StoreUnavailable} when PostgreSQL does not answer.
 */
public final class OwnMemberships {
    private static final String PAGE = """
            SELECT %s, c.type, c.name, m.muted_until, m.notifications
            FROM member m JOIN conversation c ON c.id = m.conversation_id
            WHERE m.user_id = :user AND m.conversation_id > :after
            ORDER BY m.conversation_id
            LIMIT :limit
            """.formatted(Rows.MEMBER);

    private static final String PRESENT = """
            SELECT conversation_id FROM member WHERE user_id = :user AND left_at IS NULL ORDER BY conversation_id LIMIT :limit
            """;

    /** Whoever was ever there: a stream may hold what was said before its owner left. */
    private static final String EVERYBODY = """
            SELECT user_id FROM member WHERE conversation_id = :conversation AND user_id > :after ORDER BY user_id LIMIT :limit
            """;

    private static final String FORGET_CHOICES = """
            UPDATE member SET muted_until = NULL, notifications = 'all', notifications_chosen = false
            WHERE user_id = :user AND (muted_until IS NOT NULL OR notifications <> 'all' OR notifications_chosen)
            """;

    /** Nobody stands for these links any more. */
    private static final String REVOKE_INVITES = "DELETE FROM invite WHERE created_by = :user";

    private static final String FORGET_BANS = "DELETE FROM ban WHERE user_id = :user";

    private final Postgres postgres;

    /** Reads through {@code postgres}, which the caller closes. */
    public OwnMemberships(Postgres postgres) {
        this.postgres = postgres;
    }

    /**
     * A membership, over or not.
     *
     * @param name of the conversation; null where it has none
     * @param mutedUntil null while it is not muted
     * @param notifications what wakes the person
     */
    public record Own(
            MemberState state,
            Conversation.Type type,
            @Nullable String name,
            @Nullable Instant mutedUntil,
            String notifications) {

        /** Of what. */
        public ConversationId conversation() {
            return state.member().conversation();
        }
    }

    /** What this person is or was a member of, by id, after this one. */
    public List<Own> page(UserId user, ConversationId after, int limit) {
        return postgres.with(db -> db.createQuery(PAGE)
                .bind("user", user.value())
                .bind("after", after.value())
                .bind("limit", limit)
                .map((row, context) -> new Own(
                        Rows.memberState(row),
                        Conversation.Type.valueOf(row.getString("type").toUpperCase(Locale.ROOT)),
                        row.getString("name"),
                        instantOrNull(row.getObject("muted_until", OffsetDateTime.class)),
                        row.getString("notifications")))
                .list());
    }

    /** Some conversations that this person is a member of now. */
    public List<ConversationId> present(UserId user, int limit) {
        return postgres.with(db -> db.createQuery(PRESENT)
                .bind("user", user.value())
                .bind("limit", limit)
                .map((row, context) -> new ConversationId(row.getLong("conversation_id")))
                .list());
    }

    /** Drops what this person chose for conversations, that they were kept out of some, and the links by which they invited others. */
    public void forget(UserId user) {
        for (var statement : List.of(FORGET_CHOICES, FORGET_BANS, REVOKE_INVITES)) {
            postgres.<Integer, RuntimeException>with(
                    db -> db.createUpdate(statement).bind("user", user.value()).execute());
        }
    }

    private static @Nullable Instant instantOrNull(@Nullable OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }

    /** Everyone who is or was a member of a conversation, by id, after this one. */
    public List<UserId> everybody(ConversationId conversation, UserId after, int limit) {
        return postgres.with(db -> db.createQuery(EVERYBODY)
                .bind("conversation", conversation.value())
                .bind("after", after.value())
                .bind("limit", limit)
                .map((row, context) -> new UserId(row.getLong("user_id")))
                .list());
    }
}
