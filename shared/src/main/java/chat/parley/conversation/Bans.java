package chat.parley.conversation;

import chat.parley.conversation.ChangeOutcome.Forbidden;
import chat.parley.conversation.ChangeOutcome.MembersChanged;
import chat.parley.conversation.ChangeOutcome.Unchanged;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Who may not come in. Decided under the lock of the conversation's row, as every joining is: who is banned does not get in a moment later.
 * Safe for use by many threads; every method throws {@link StoreUnavailable} when the outcome is unknown, and may be repeated.
 */
public final class Bans {
    private static final String ADD = """
            INSERT INTO ban (conversation_id, user_id, banned_by, banned_at) VALUES (:conversation, :user, :actor, :at)
            ON CONFLICT DO NOTHING
            """;

    private static final String REMOVE = "DELETE FROM ban WHERE conversation_id = :conversation AND user_id = :user";

    private static final String ANY_OF = """
            SELECT EXISTS (SELECT FROM ban WHERE conversation_id = :conversation AND user_id = ANY(:users))
            """;

    private static final String LIST = """
            SELECT user_id, banned_by, banned_at FROM ban
            WHERE conversation_id = :conversation AND (banned_at, user_id) > (:bannedAt, :user)
            ORDER BY banned_at, user_id
            LIMIT :limit
            """;

    private final Postgres postgres;
    private final Changes changes;

    /** @param clock never goes back, see {@code MonotonicClock} */
    public Bans(Postgres postgres, MessageHeads heads, InstantSource clock) {
        this.postgres = postgres;
        this.changes = new Changes(postgres, heads, clock);
    }

    /** One ban. */
    public record Ban(UserId user, UserId by, Instant at) {}

    /** A place in the list: after the one of this time and person. */
    public record Position(Instant bannedAt, UserId user) {}

    /**
     * Keeps {@code user} out, ending the membership if there is one.
     *
     * @param user known to exist
     */
    public ChangeOutcome ban(ConversationId conversation, UserId actor, UserId user) {
        return changes.byMember(conversation, actor, Permission.BAN, List.of(user), (locked, me, members) -> {
            var target = members.get(user);
            if (target != null && !MembershipRules.mayBan(locked.type(), me.role(), target.role())) {
                return new Forbidden();
            }
            int added = locked.db()
                    .createUpdate(ADD)
                    .bind("conversation", conversation.value())
                    .bind("user", user.value())
                    .bind("actor", actor.value())
                    .bind("at", Rows.time(locked.at()))
                    .execute();
            if (target != null) {
                return MembershipWrites.leave(locked, actor, target);
            }
            return added == 0 ? new Unchanged() : new MembersChanged(locked.at(), List.of());
        });
    }

    /** Lets {@code user} come in again, who does not become a member by it. */
    public ChangeOutcome unban(ConversationId conversation, UserId actor, UserId user) {
        return changes.byMember(conversation, actor, Permission.BAN, List.of(), (locked, me, members) -> {
            int removed = locked.db()
                    .createUpdate(REMOVE)
                    .bind("conversation", conversation.value())
                    .bind("user", user.value())
                    .execute();
            return removed == 0 ? new Unchanged() : new MembersChanged(locked.at(), List.of());
        });
    }

    /**
     * The bans of a conversation, oldest first.
     *
     * @param after null for the first page
     */
    public List<Ban> list(ConversationId conversation, @Nullable Position after, int limit) {
        return postgres.with(db -> db.createQuery(LIST)
                .bind("conversation", conversation.value())
                .bind("bannedAt", Rows.time(after == null ? Instant.EPOCH : after.bannedAt()))
                .bind("user", after == null ? 0 : after.user().value())
                .bind("limit", limit)
                .map((row, context) -> new Ban(
                        new UserId(row.getLong("user_id")),
                        new UserId(row.getLong("banned_by")),
                        Rows.instant(row, "banned_at")))
                .list());
    }

    /** Whether one of {@code users} is banned; lasting while the conversation's row is locked. */
    static boolean anyOf(Handle db, ConversationId conversation, Collection<UserId> users) {
        return db.createQuery(ANY_OF)
                .bind("conversation", conversation.value())
                .bind("users", Rows.ids(users, UserId::value))
                .mapTo(Boolean.class)
                .one();
    }
}
