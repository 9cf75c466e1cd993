package chat.parley.conversation;

import chat.parley.conversation.ChangeOutcome.Invited;
import chat.parley.conversation.ChangeOutcome.NotFound;
import chat.parley.conversation.ChangeOutcome.TooManyInvites;
import chat.parley.conversation.ChangeOutcome.Unchanged;
import chat.parley.id.ConversationId;
import chat.parley.id.InviteId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Invitations by link. Each use is decided under the lock of the conversation's row: of many who come at once, as many get in as the
 * invitation allows. Safe for use by many threads; every method throws {@link StoreUnavailable} when the outcome is unknown, and may be repeated.
 */
public final class Invites {
    /** Most open invitations of a conversation: more than anyone keeps an eye on. */
    public static final int OPEN_MAX = 100;

    private static final String COLUMNS =
            "i.id, i.conversation_id, i.created_by, i.created_at, i.expires_at, i.uses, i.max_uses";

    private static final String COUNT_OTHERS = """
            SELECT count(*) FROM invite WHERE conversation_id = :conversation AND id <> :id
            """;

    private static final String DELETE_CLOSED = """
            DELETE FROM invite WHERE conversation_id = :conversation AND (expires_at <= :now OR uses >= max_uses)
            """;

    /** A repeat of the request that made it gets another link, and the one it never received ends. */
    private static final String ADD = """
            INSERT INTO invite AS i (id, conversation_id, token_hash, created_by, created_at, expires_at, max_uses)
            VALUES (:id, :conversation, :tokenHash, :actor, :at, :expiresAt, :maxUses)
            ON CONFLICT (id) DO UPDATE SET token_hash = excluded.token_hash
            WHERE i.conversation_id = excluded.conversation_id AND i.created_by = excluded.created_by
            RETURNING %s
            """.formatted(COLUMNS);

    private static final String LIST = """
            SELECT %s FROM invite i
            WHERE i.conversation_id = :conversation AND i.expires_at > :now AND (i.max_uses IS NULL OR i.uses < i.max_uses)
            ORDER BY i.created_at, i.id
            """.formatted(COLUMNS);

    private static final String FIND = """
            SELECT %s FROM invite i WHERE i.token_hash = :tokenHash
            """.formatted(COLUMNS);

    private static final String USE = "UPDATE invite SET uses = uses + 1 WHERE id = :id";

    private static final String REVOKE = "DELETE FROM invite WHERE conversation_id = :conversation AND id = :id";

    private static final String DELETE_ALL = "DELETE FROM invite WHERE conversation_id = :conversation";

    private final Postgres postgres;
    private final InstantSource clock;
    private final Changes changes;

    /** @param clock never goes back, see {@code MonotonicClock} */
    public Invites(Postgres postgres, MessageHeads heads, InstantSource clock, GroupSizes sizes) {
        this.postgres = postgres;
        this.clock = clock;
        this.changes = new Changes(postgres, heads, clock, sizes);
    }

    /**
     * What a new invitation allows.
     *
     * @param maxUses null: as many as find room
     */
    public record Terms(Duration lifetime, @Nullable Integer maxUses) {}

    /**
     * Makes an invitation.
     *
     * @param id for it; if an earlier attempt of the same person made it, it gets this token instead of the one before
     * @param tokenHash SHA-256 of what the link carries
     */
    public ChangeOutcome create(ConversationId conversation, UserId actor, InviteId id, byte[] tokenHash, Terms terms) {
        return changes.byMember(conversation, actor, Permission.INVITE, List.of(), (locked, me, members) -> {
            var now = clock.instant();
            locked.db()
                    .createUpdate(DELETE_CLOSED)
                    .bind("conversation", conversation.value())
                    .bind("now", Rows.time(now))
                    .execute();
            int others = locked.db()
                    .createQuery(COUNT_OTHERS)
                    .bind("conversation", conversation.value())
                    .bind("id", id.value())
                    .mapTo(Integer.class)
                    .one();
            if (others >= OPEN_MAX) {
                return new TooManyInvites();
            }
            return locked.db()
                    .createQuery(ADD)
                    .bind("id", id.value())
                    .bind("conversation", conversation.value())
                    .bind("tokenHash", tokenHash)
                    .bind("actor", actor.value())
                    .bind("at", Rows.time(now))
                    .bind("expiresAt", Rows.time(now.plus(terms.lifetime())))
                    .bind("maxUses", terms.maxUses())
                    .map((row, context) -> invite(row))
                    .findOne()
                    .<ChangeOutcome>map(Invited::new)
                    .orElseGet(ChangeOutcome.IdTaken::new);
        });
    }

    /** Those that let people in now, oldest first. */
    public List<Invite> open(ConversationId conversation) {
        return postgres.with(db -> db.createQuery(LIST)
                .bind("conversation", conversation.value())
                .bind("now", Rows.time(clock.instant()))
                .map((row, context) -> invite(row))
                .list());
    }

    /** Ends one. */
    public ChangeOutcome revoke(ConversationId conversation, UserId actor, InviteId id) {
        return changes.byMember(conversation, actor, Permission.INVITE, List.of(), (locked, me, members) -> {
            int revoked = locked.db()
                    .createUpdate(REVOKE)
                    .bind("conversation", conversation.value())
                    .bind("id", id.value())
                    .execute();
            return revoked == 0 ? new NotFound() : new Unchanged();
        });
    }

    /** The invitation that a link carries, if it lets {@code user} in now; the same emptiness whatever is wrong with it. */
    public Optional<Invite> find(byte[] tokenHash, UserId user) {
        return postgres.with(db -> find(db, tokenHash)
                .filter(invite -> invite.isOpen(clock.instant()))
                .filter(invite -> !Bans.anyOf(db, invite.conversation(), List.of(user))));
    }

    /** Makes {@code user} a member by the link. Who is one already uses nothing. */
    public ChangeOutcome join(ConversationId conversation, byte[] tokenHash, UserId user) {
        return changes.locked(conversation, locked -> {
            // Read under the lock: uses is what all those who came before have left of it.
            var invite = find(locked.db(), tokenHash)
                    .filter(found -> found.conversation().equals(conversation))
                    .filter(found -> found.isOpen(clock.instant()));
            return invite.isEmpty()
                    ? new NotFound()
                    : ConversationChanges.letIn(locked, user, () -> use(locked.db(), invite.get()));
        });
    }

    /** Ends all of a conversation. */
    static void deleteAll(Handle db, ConversationId conversation) {
        db.createUpdate(DELETE_ALL).bind("conversation", conversation.value()).execute();
    }

    private static void use(Handle db, Invite invite) {
        db.createUpdate(USE).bind("id", invite.id().value()).execute();
    }

    private static Optional<Invite> find(Handle db, byte[] tokenHash) {
        return db.createQuery(FIND)
                .bind("tokenHash", tokenHash)
                .map((row, context) -> invite(row))
                .findOne();
    }

    private static Invite invite(ResultSet row) throws SQLException {
        return new Invite(
                new InviteId(row.getLong("id")),
                new ConversationId(row.getLong("conversation_id")),
                new UserId(row.getLong("created_by")),
                Rows.instant(row, "created_at"),
                Rows.instant(row, "expires_at"),
                row.getInt("uses"),
                row.getObject("max_uses", Integer.class));
    }
}
