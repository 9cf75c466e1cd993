package chat.parley.conversation;

import chat.parley.conversation.ChangeOutcome.MemberChange;
import chat.parley.conversation.ChangeOutcome.MembersChanged;
import chat.parley.id.UserId;
import chat.parley.outbox.Outbox;
import chat.parley.outbox.OutboxKind;
import java.util.ArrayList;
import java.util.List;

/** How members come and go, whoever decided it: rows, version, outbox. Under the lock of the conversation's row. */
final class MembershipWrites {
    private static final String MOVE_VERSION = """
            UPDATE conversation
            SET members_version = members_version + :moved, member_count = member_count + :joined, changed_at = :at,
                large = :large, departed_at = CASE WHEN :joined < 0 THEN :at ELSE departed_at END,
                last_seq = greatest(last_seq, :lastSeq)
            WHERE id = :conversation
            """;

    /** The triggers of the table of members know those who came and went since it is large; these were here before. */
    private static final String BECOME_LARGE = """
            INSERT INTO large_member (user_id, conversation_id, joined_seq, from_seq)
            SELECT user_id, conversation_id, joined_seq, greatest(joined_seq, :lastSeq + 1)
            FROM member WHERE conversation_id = :conversation AND left_at IS NULL
            ON CONFLICT DO NOTHING
            """;

    /**
     * Who was here before starts anew: what was said in between stays unseen, unless newcomers see everything. Nothing is unread at
     * first.
     */
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

    private static final String EVERYONE_LEAVES = """
            UPDATE member m SET left_at = :at, left_seq = :leftSeq, changed_at = :at
            WHERE conversation_id = :conversation AND left_at IS NULL
            RETURNING %s
            """.formatted(Rows.MEMBER);

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

    private MembershipWrites() {}

    /** Makes {@code joiners}, who are none, members. */
    static MembersChanged join(LockedConversation locked, UserId actor, List<UserId> joiners, Role role) {
        boolean becomesLarge = !locked.large()
                && locked.memberCount() + joiners.size() > locked.sizes().largeAbove();
        // In a large group who comes takes no right from anyone: senders need not be checked again.
        long lastSeq = move(locked, joiners.size(), locked.large() ? 0 : 1, locked.large() || becomesLarge);
        long joinedSeq = locked.settings().history().joinedSeq(lastSeq);
        locked.db()
                .createUpdate(JOIN)
                .bind("conversation", locked.id().value())
                .bind("users", Rows.ids(joiners, UserId::value))
                .bind("role", role.text())
                .bind("at", Rows.time(locked.at()))
                .bind("joinedSeq", joinedSeq)
                .bind("lastSeq", lastSeq)
                .execute();
        var outbox = locked.remember(OutboxKind.MEMBER_JOINED, joiners, actor);
        var changes = new ArrayList<MemberChange>(joiners.size());
        for (int i = 0; i < joiners.size(); i++) {
            var member = new Member(locked.id(), joiners.get(i), role, locked.at(), joinedSeq, lastSeq, lastSeq);
            changes.add(new MemberChange(OutboxKind.MEMBER_JOINED, member, outbox.get(i)));
        }
        long largeOutboxId = becomesLarge ? becomeLarge(locked, actor, lastSeq) : 0;
        return new MembersChanged(locked.at(), changes, Notices.joined(locked, actor, joiners), largeOutboxId);
    }

    /** Ends the membership of {@code target}. The only owner who leaves hands over. */
    static MembersChanged leave(LockedConversation locked, UserId actor, Member target) {
        var successor = MembershipRules.successor(target, others(locked, target));
        // In a large group a send looks at its sender's own row as well, so those who go by themselves disturb nobody;
        // a store that is not beside that row cannot.
        boolean isQuiet =
                locked.large() && !locked.heads().areAhead() && actor.equals(target.user()) && successor.isEmpty();
        long lastSeq = move(locked, -1, isQuiet ? 0 : 1, locked.large());
        locked.db()
                .createUpdate(LEAVE)
                .bind("conversation", locked.id().value())
                .bind("user", target.user().value())
                .bind("leftSeq", lastSeq)
                .bind("at", Rows.time(locked.at()))
                .execute();
        var changes = new ArrayList<MemberChange>();
        // The heir first: at no point of a stream is the group without an owner.
        successor.ifPresent(heir -> changes.add(updateRole(locked, actor, heir, Role.OWNER)));
        changes.add(new MemberChange(
                OutboxKind.MEMBER_LEFT, target, locked.remember(OutboxKind.MEMBER_LEFT, target.user(), actor)));
        return new MembersChanged(locked.at(), changes, Notices.left(locked, actor, target.user()), 0);
    }

    /** Ends all memberships. Each is told of its own end only: nobody is left to be told of the others'. */
    static MembersChanged everyoneLeaves(LockedConversation locked, UserId actor) {
        long lastSeq = move(locked, -locked.memberCount(), 1, locked.large());
        var leavers = locked.db()
                .createQuery(EVERYONE_LEAVES)
                .bind("conversation", locked.id().value())
                .bind("leftSeq", lastSeq)
                .bind("at", Rows.time(locked.at()))
                .map((row, context) -> Rows.member(row))
                .list();
        var outbox = locked.remember(
                OutboxKind.MEMBER_LEFT, leavers.stream().map(Member::user).toList(), actor);
        var changes = new ArrayList<MemberChange>(leavers.size());
        for (int i = 0; i < leavers.size(); i++) {
            changes.add(new MemberChange(OutboxKind.MEMBER_LEFT, leavers.get(i), outbox.get(i)));
        }
        return new MembersChanged(locked.at(), changes);
    }

    /** Gives {@code target} another role. */
    static MembersChanged setRole(LockedConversation locked, UserId actor, Member target, Role role) {
        move(locked, 0, 1, locked.large());
        return new MembersChanged(locked.at(), List.of(updateRole(locked, actor, target, role)));
    }

    /** Whether the conversation would be without an owner if {@code target} were none. */
    static boolean isOnlyOwner(LockedConversation locked, Member target) {
        return target.role() == Role.OWNER
                && (locked.memberCount() == 1
                        || MembershipRules.successor(target, others(locked, target))
                                .isPresent());
    }

    /**
     * Everyone who is here now is told by the group's stream from the next message on.
     *
     * @return the outbox row of what tells them, each by name: subject 0 says so to the relay
     */
    private static long becomeLarge(LockedConversation locked, UserId actor, long lastSeq) {
        locked.db()
                .createUpdate(BECOME_LARGE)
                .bind("conversation", locked.id().value())
                .bind("lastSeq", lastSeq)
                .execute();
        return locked.remember(OutboxKind.CONVERSATION_UPDATED, Outbox.TO_EACH, actor);
    }

    /**
     * Answers the newest seq, after which what follows is so.
     *
     * @param moved 1: sends that were checked before are refused and checked again
     */
    private static long move(LockedConversation locked, int joined, int moved, boolean large) {
        long lastSeq = moved == 0 ? locked.lastSeq() : locked.moveMembers();
        locked.db()
                .createUpdate(MOVE_VERSION)
                .bind("conversation", locked.id().value())
                .bind("joined", joined)
                .bind("lastSeq", lastSeq)
                .bind("moved", moved)
                .bind("large", large)
                .bind("at", Rows.time(locked.at()))
                .execute();
        return lastSeq;
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
}
