package chat.parley.conversation;

import java.util.List;
import java.util.Optional;

/** Who may do what to whom. Decides over values only. */
final class MembershipRules {
    private MembershipRules() {}

    /** Whoever is at least an admin adds members; only an owner makes them more than that. */
    static boolean mayAdd(Role actor, Role role) {
        return actor == Role.OWNER || (actor == Role.ADMIN && role == Role.MEMBER);
    }

    /** Admins remove those below them; an owner removes anyone, since an owner could also take the role first. */
    static boolean mayRemove(Role actor, Role target) {
        return actor == Role.OWNER || (actor == Role.ADMIN && target == Role.MEMBER);
    }

    /** Only owners change roles. */
    static boolean maySetRole(Role actor) {
        return actor == Role.OWNER;
    }

    /** Admins rename. */
    static boolean mayRename(Role actor) {
        return actor != Role.MEMBER;
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
