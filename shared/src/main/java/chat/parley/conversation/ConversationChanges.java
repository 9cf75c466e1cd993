package chat.parley.conversation;

import chat.parley.conversation.ChangeOutcome.DirectIsFixed;
import chat.parley.conversation.ChangeOutcome.Forbidden;
import chat.parley.conversation.ChangeOutcome.GroupFull;
import chat.parley.conversation.ChangeOutcome.LastOwner;
import chat.parley.conversation.ChangeOutcome.MemberChange;
import chat.parley.conversation.ChangeOutcome.MembersChanged;
import chat.parley.conversation.ChangeOutcome.NotFound;
import chat.parley.conversation.ChangeOutcome.Renamed;
import chat.parley.conversation.ChangeOutcome.Unchanged;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.OutboxKind;
import chat.parley.postgres.Postgres;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Changes names and members of existing conversations. Each change is one transaction, decided under the lock of the conversation's row, under
 * which messages get their seq too: so of two changes at once the second sees the first, and no message falls between "still a
 * member" and "no longer". Every change takes that lock before any member's row, so changes cannot wait for each other in a circle.
 *
 * <p>Nothing here is published; the outbox row written with each change keeps it remembered until it is. Safe for use by many threads; every
 * method throws {@link StoreUnavailable} when the outcome is unknown, and may be repeated: what is already so is
 * {@link Unchanged}.
 */
public final class ConversationChanges {
    private static final String RENAME = """
            UPDATE conversation SET name = :name, updated_at = :at, changed_at = :at WHERE id = :conversation
            """;

    private static final String MOVE_VERSION = """
            UPDATE conversation
            SET members_version = members_version + 1, member_count = member_count + :joined, changed_at = :at
            WHERE id = :conversation
            """;

    /** Who was here before starts anew: what was said in between stays unseen. Nothing is unread at first. */
    private static final String JOIN = """
            INSERT INTO member AS m (conversation_id, user_id, role, joined_at, joined_seq, read_seq, delivered_seq, changed_at)
            SELECT :conversation, joiner.id, :role, :at, :joinedSeq, :lastSeq, :lastSeq, :at FROM unnest(:users) AS joiner (id)
            ON CONFLICT (conversation_id, user_id) DO UPDATE
            SET role = excluded.role, joined_at = excluded.joined_at, joined_seq = excluded.joined_seq,
                read_seq = excluded.read_seq, delivered_seq = excluded.delivered_seq,
                changed_at = excluded.changed_at, left_at = NULL, left_seq = NULL
            """;

    private static final String LEAVE = """
            UPDATE member SET left_at = :at, left_seq = :leftSeq, changed_at = :at
            WHERE conversation_id = :conversation AND user_id = :user
            """;

    private static final String SET_ROLE = """
            UPDATE member SET role = :role, changed_at = :at
            WHERE conversation_id = :conversation AND user_id = :user
            """;

    /** Of each role the one who has been here longest. */
    private static final String LONGEST_OF_EACH_ROLE = """
            SELECT DISTINCT ON (m.role) %s FROM member m
            WHERE m.conversation_id = :conversation AND m.left_at IS NULL AND m.user_id <> :user
            ORDER BY m.role, m.joined_at, m.user_id
            """.formatted(Rows.MEMBER);

    private final Postgres postgres;
    private final InstantSource clock;

    /** @param clock never goes back, see {@code MonotonicClock} */
    public ConversationChanges(Postgres postgres, InstantSource clock) {
        this.postgres = postgres;
        this.clock = clock;
    }

    /** Gives the conversation a new name. */
    public ChangeOutcome rename(ConversationId conversation, UserId actor, String name) {
        return change(conversation, List.of(actor), (locked, members) -> {
            var me = members.get(actor);
            if (me == null) {
                return new NotFound();
            }
            if (locked.isDirect()) {
                return new DirectIsFixed();
            }
            if (!MembershipRules.mayRename(me.role())) {
                return new Forbidden();
            }
            if (name.equals(locked.name())) {
                return new Unchanged();
            }
            locked.db()
                    .createUpdate(RENAME)
                    .bind("conversation", conversation.value())
                    .bind("name", name)
                    .bind("at", Rows.time(locked.at()))
                    .execute();
            return new Renamed(locked.at(), locked.remember(OutboxKind.CONVERSATION_UPDATED, actor, actor));
        });
    }

    /**
     * Makes {@code users} members from the next message on. Those who are members already stay as they are.
     *
     * @param users at most {@link Roster#MEMBERS_MAX}, known to exist
     */
    public ChangeOutcome add(ConversationId conversation, UserId actor, Collection<UserId> users, Role role) {
        var concerned = new ArrayList<>(users);
        concerned.add(actor);
        return change(conversation, concerned, (locked, members) -> {
            var me = members.get(actor);
            if (me == null) {
                return new NotFound();
            }
            if (locked.isDirect()) {
                return new DirectIsFixed();
            }
            if (!MembershipRules.mayAdd(me.role(), role)) {
                return new Forbidden();
            }
            var joiners = users.stream()
                    .distinct()
                    .filter(user -> !members.containsKey(user))
                    .sorted()
                    .toList();
            if (joiners.isEmpty()) {
                return new Unchanged();
            }
            if (locked.memberCount() + joiners.size() > Roster.MEMBERS_MAX) {
                return new GroupFull();
            }
            return join(locked, actor, joiners, role);
        });
    }

    /** Ends the membership of {@code user}, who may be the actor. The only owner who leaves hands over. */
    public ChangeOutcome remove(ConversationId conversation, UserId actor, UserId user) {
        return change(conversation, List.of(actor, user), (locked, members) -> {
            var me = members.get(actor);
            var target = members.get(user);
            if (me == null) {
                return new NotFound();
            }
            if (locked.isDirect()) {
                return new DirectIsFixed();
            }
            if (target == null) {
                return new NotFound();
            }
            if (!actor.equals(user) && !MembershipRules.mayRemove(me.role(), target.role())) {
                return new Forbidden();
            }
            return leave(locked, actor, target);
        });
    }

    /** Gives {@code user} another role. */
    public ChangeOutcome setRole(ConversationId conversation, UserId actor, UserId user, Role role) {
        return change(conversation, List.of(actor, user), (locked, members) -> {
            var me = members.get(actor);
            var target = members.get(user);
            if (me == null) {
                return new NotFound();
            }
            if (locked.isDirect()) {
                return new DirectIsFixed();
            }
            if (target == null) {
                return new NotFound();
            }
            if (!MembershipRules.maySetRole(me.role())) {
                return new Forbidden();
            }
            if (target.role() == role) {
                return new Unchanged();
            }
            if (MembershipRules.successor(target, others(locked, target)).isPresent() || isAlone(locked, target)) {
                return new LastOwner();
            }
            moveVersion(locked, 0);
            return new MembersChanged(locked.at(), List.of(updateRole(locked, actor, target, role)));
        });
    }

    private static boolean isAlone(LockedConversation locked, Member target) {
        return target.role() == Role.OWNER && locked.memberCount() == 1;
    }

    private static ChangeOutcome join(LockedConversation locked, UserId actor, List<UserId> joiners, Role role) {
        long joinedSeq = locked.lastSeq() + 1;
        moveVersion(locked, joiners.size());
        locked.db()
                .createUpdate(JOIN)
                .bind("conversation", locked.id().value())
                .bind("users", Rows.ids(joiners, UserId::value))
                .bind("role", role.text())
                .bind("at", Rows.time(locked.at()))
                .bind("joinedSeq", joinedSeq)
                .bind("lastSeq", locked.lastSeq())
                .execute();
        var outbox = locked.remember(OutboxKind.MEMBER_JOINED, joiners, actor);
        var changes = new ArrayList<MemberChange>(joiners.size());
        for (int i = 0; i < joiners.size(); i++) {
            var member = new Member(locked.id(), joiners.get(i), role, locked.at(), joinedSeq);
            changes.add(new MemberChange(OutboxKind.MEMBER_JOINED, member, outbox.get(i)));
        }
        return new MembersChanged(locked.at(), changes);
    }

    private static ChangeOutcome leave(LockedConversation locked, UserId actor, Member target) {
        var successor = MembershipRules.successor(target, others(locked, target));
        moveVersion(locked, -1);
        locked.db()
                .createUpdate(LEAVE)
                .bind("conversation", locked.id().value())
                .bind("user", target.user().value())
                .bind("leftSeq", locked.lastSeq())
                .bind("at", Rows.time(locked.at()))
                .execute();
        var changes = new ArrayList<MemberChange>();
        // The heir first: at no point of a stream is the group without an owner.
        successor.ifPresent(heir -> changes.add(updateRole(locked, actor, heir, Role.OWNER)));
        changes.add(new MemberChange(
                OutboxKind.MEMBER_LEFT, target, locked.remember(OutboxKind.MEMBER_LEFT, target.user(), actor)));
        return new MembersChanged(locked.at(), changes);
    }

    private static MemberChange updateRole(LockedConversation locked, UserId actor, Member target, Role role) {
        locked.db()
                .createUpdate(SET_ROLE)
                .bind("conversation", locked.id().value())
                .bind("user", target.user().value())
                .bind("role", role.text())
                .bind("at", Rows.time(locked.at()))
                .execute();
        var updated = target.withRole(role);
        return new MemberChange(
                OutboxKind.MEMBER_UPDATED, updated, locked.remember(OutboxKind.MEMBER_UPDATED, target.user(), actor));
    }

    private static List<Member> others(LockedConversation locked, Member target) {
        if (target.role() != Role.OWNER) {
            return List.of();
        }
        return locked.db()
                .createQuery(LONGEST_OF_EACH_ROLE)
                .bind("conversation", locked.id().value())
                .bind("user", target.user().value())
                .map((row, context) -> Rows.member(row))
                .list();
    }

    private static void moveVersion(LockedConversation locked, int joined) {
        locked.db()
                .createUpdate(MOVE_VERSION)
                .bind("conversation", locked.id().value())
                .bind("joined", joined)
                .bind("at", Rows.time(locked.at()))
                .execute();
    }

    /** Locks the conversation, reads the memberships of those concerned, and lets {@code decide} act on them. */
    private ChangeOutcome change(
            ConversationId conversation,
            Collection<UserId> concerned,
            BiFunction<LockedConversation, Map<UserId, Member>, ChangeOutcome> decide) {
        return postgres.inTransaction(db -> {
            Optional<LockedConversation> locked = LockedConversation.lock(db, conversation, clock);
            return locked.isEmpty()
                    ? new NotFound()
                    : decide.apply(locked.get(), Conversations.membersAmong(db, conversation, concerned));
        });
    }
}
