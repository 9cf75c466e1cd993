package chat.parley.conversation;

import chat.parley.conversation.ChangeOutcome.BannedUser;
import chat.parley.conversation.ChangeOutcome.Forbidden;
import chat.parley.conversation.ChangeOutcome.GroupFull;
import chat.parley.conversation.ChangeOutcome.LastOwner;
import chat.parley.conversation.ChangeOutcome.NotFound;
import chat.parley.conversation.ChangeOutcome.Unchanged;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;

/**
 * Changes who is in a conversation, and as what. Each change is one transaction, see {@link Changes}.
 *
 * <p>Nothing here is published; the outbox row written with each change keeps it remembered until it is. Safe for use by many threads; every
 * method throws {@link StoreUnavailable} when the outcome is unknown, and may be repeated: what is already so is
 * {@link Unchanged}.
 */
public final class ConversationChanges {
    private final Changes changes;

    /** With the sizes that groups have by default. */
    public ConversationChanges(Postgres postgres, MessageHeads heads, InstantSource clock) {
        this(postgres, heads, clock, GroupSizes.DEFAULT);
    }

    /**
     * {@code postgres} is closed by the caller.
     *
     * @param clock never goes back, see {@code MonotonicClock}
     */
    public ConversationChanges(Postgres postgres, MessageHeads heads, InstantSource clock, GroupSizes sizes) {
        this.changes = new Changes(postgres, heads, clock, sizes);
    }

    /**
     * Makes {@code users} members. Those who are members already stay as they are; one who is banned refuses all.
     *
     * @param users at most {@link Roster#BATCH_MAX}, known to exist
     */
    public ChangeOutcome add(ConversationId conversation, UserId actor, Collection<UserId> users, Role role) {
        return changes.byMember(conversation, actor, Permission.ADD, users, (locked, me, members) -> {
            if (!MembershipRules.mayAdd(locked.type(), me.role(), role)) {
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
            if (Bans.anyOf(locked.db(), conversation, joiners)) {
                return new BannedUser();
            }
            if (locked.memberCount() + joiners.size() > locked.sizes().membersMax()) {
                return new GroupFull();
            }
            return MembershipWrites.join(locked, actor, joiners, role);
        });
    }

    /** Makes {@code user} a member of a public channel. To who is banned there is no such channel. */
    public ChangeOutcome join(ConversationId conversation, UserId user) {
        return changes.locked(
                conversation, locked -> locked.settings().isPublic() ? letIn(locked, user, () -> {}) : new NotFound());
    }

    /**
     * Makes {@code user}, who decided it alone, a member.
     *
     * @param joining done if there is a membership to begin
     */
    static ChangeOutcome letIn(LockedConversation locked, UserId user, Runnable joining) {
        if (Bans.anyOf(locked.db(), locked.id(), List.of(user)) || locked.memberCount() == 0) {
            return new NotFound();
        }
        if (!Conversations.membersAmong(locked.db(), locked.id(), List.of(user)).isEmpty()) {
            return new Unchanged();
        }
        if (locked.memberCount() >= locked.sizes().membersMax()) {
            return new GroupFull();
        }
        joining.run();
        return MembershipWrites.join(locked, user, List.of(user), Role.MEMBER);
    }

    /** Ends the membership of {@code user}, who may be the actor. The only owner who leaves hands over. */
    public ChangeOutcome remove(ConversationId conversation, UserId actor, UserId user) {
        var permission = actor.equals(user) ? Permission.LEAVE : Permission.REMOVE;
        return changes.byMember(conversation, actor, permission, List.of(user), (locked, me, members) -> {
            var target = members.get(user);
            if (target == null) {
                return new NotFound();
            }
            if (!actor.equals(user) && !MembershipRules.mayRemove(locked.type(), me.role(), target.role())) {
                return new Forbidden();
            }
            return MembershipWrites.leave(locked, actor, target);
        });
    }

    /** Ends the membership of who is erased, also in a direct conversation: the other one keeps it, and nobody can send there any more. */
    public ChangeOutcome leaveForGood(ConversationId conversation, UserId user) {
        return changes.locked(conversation, locked -> {
            var target = Conversations.membersAmong(locked.db(), conversation, List.of(user))
                    .get(user);
            return target == null ? new Unchanged() : MembershipWrites.leave(locked, user, target);
        });
    }

    /** Gives {@code user} another role. */
    public ChangeOutcome setRole(ConversationId conversation, UserId actor, UserId user, Role role) {
        return changes.byMember(conversation, actor, Permission.APPOINT, List.of(user), (locked, me, members) -> {
            var target = members.get(user);
            if (target == null) {
                return new NotFound();
            }
            if (target.role() == role) {
                return new Unchanged();
            }
            if (MembershipWrites.isOnlyOwner(locked, target)) {
                return new LastOwner();
            }
            return MembershipWrites.setRole(locked, actor, target, role);
        });
    }
}
