package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;

/**
 * By what each member wants to be woken. Safe for use by many threads; throws {@link StoreUnavailable} when the outcome is unknown, and may be
 * repeated.
 */
public final class NotificationChoices {
    private static final String SET = """
            UPDATE member SET notifications = :level, muted_until = :mutedUntil, notifications_chosen = :chosen
            WHERE conversation_id = :conversation AND user_id = :user AND left_at IS NULL
            """;

    private final Postgres postgres;

    /** Writes through {@code postgres}, which the caller closes. */
    public NotificationChoices(Postgres postgres) {
        this.postgres = postgres;
    }

    /**
     * Keeps the choice; false when {@code user} is no member.
     *
     * @param isLevelChosen false: the level is what everyone begins with, which in large groups is less
     */
    public boolean set(ConversationId conversation, UserId user, Notifications choice, boolean isLevelChosen) {
        var mutedUntil = choice.mutedUntil();
        return postgres.<Integer, RuntimeException>with(db -> db.createUpdate(SET)
                        .bind("conversation", conversation.value())
                        .bind("user", user.value())
                        .bind("level", choice.level().text())
                        .bind("chosen", isLevelChosen)
                        .bind("mutedUntil", mutedUntil == null ? null : Rows.time(mutedUntil))
                        .execute())
                > 0;
    }

    /** As in the beginning; false when {@code user} is no member. */
    public boolean reset(ConversationId conversation, UserId user) {
        return set(conversation, user, Notifications.DEFAULT, false);
    }
}
