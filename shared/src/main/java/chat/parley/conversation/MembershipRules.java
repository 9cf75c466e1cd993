package chat.parley.conversation;

import java.util.List;
import java.util.Optional;

/** Who may do what to whom, beyond {@link Permission}, and who inherits. Decides over values only. */
final class MembershipRules {
    private MembershipRules() {}

    /** Who is more than a member is so by the word of someone who may give roles. */
    static boolean mayAdd(Conversation.Type type, Role actor, Role role) {
        return Permission.ADD.allows(type, actor) && (role == Role.MEMBER || Permission.APPOINT.allows(type, actor));
    }

    /** Admins remove those below them; an owner removes anyone, since an owner could also take the role first. */
    static boolean mayRemove(Conversation.Type type, Role actor, Role target) {
        return Permission.REMOVE.allows(type, actor)
                && (isAbove(actor, target) || Permission.APPOINT.allows(type, actor));
    }

    /** A ban is for those below only: between equals the role comes first. */
    static boolean mayBan(Conversation.Type type, Role actor, Role target) {
        return Permission.BAN.allows(type, actor) && isAbove(actor, target);
    }

    private static boolean isAbove(Role actor, Role target) {
        return actor.compareTo(target) < 0;
    }

    /**
     * Who becomes owner when {@code leaver} goes: nobody while another owner stays, else the admin who has been here longest, else the member.
     *
     * @param candidates the other owners, admins and members, or at least the longest one of each role
     */
    static Optional<Member> successor(Member leaver, List<Member> candidates) {
        if (leaver.role() != Role.OWNER) {
            return Optional.empty();
        }
        return candidates.stream()
                .min((a, b) -> a.role() != b.role() ? a.role().compareTo(b.role()) : compareAge(a, b))
                .filter(best -> best.role() != Role.OWNER);
    }

    private static int compareAge(Member a, Member b) {
        int byTime = a.joinedAt().compareTo(b.joinedAt());
        return byTime != 0 ? byTime : a.user().compareTo(b.user());
    }
}
