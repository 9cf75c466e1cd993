package chat.parley.conversation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MembershipRulesTest {
    @Test
    void admins_add_members_and_only_owners_add_more_than_that() {
        assertTrue(MembershipRules.mayAdd(Conversation.Type.GROUP, Role.ADMIN, Role.MEMBER));
        assertFalse(MembershipRules.mayAdd(Conversation.Type.GROUP, Role.ADMIN, Role.ADMIN));
        assertTrue(MembershipRules.mayAdd(Conversation.Type.GROUP, Role.OWNER, Role.OWNER));
        assertFalse(MembershipRules.mayAdd(Conversation.Type.GROUP, Role.MEMBER, Role.MEMBER));
    }

    @Test
    void admins_remove_those_below_them_and_owners_anyone() {
        assertTrue(MembershipRules.mayRemove(Conversation.Type.GROUP, Role.ADMIN, Role.MEMBER));
        assertFalse(MembershipRules.mayRemove(Conversation.Type.GROUP, Role.ADMIN, Role.ADMIN));
        assertFalse(MembershipRules.mayRemove(Conversation.Type.GROUP, Role.ADMIN, Role.OWNER));
        assertTrue(MembershipRules.mayRemove(Conversation.Type.GROUP, Role.OWNER, Role.OWNER));
        assertFalse(MembershipRules.mayRemove(Conversation.Type.GROUP, Role.MEMBER, Role.MEMBER));
    }

    @Test
    void the_longest_admin_inherits_before_any_member() {
        var admin = member(3, Role.ADMIN, 300);
        var youngerAdmin = member(4, Role.ADMIN, 400);
        var oldestMember = member(2, Role.MEMBER, 100);
        assertEquals(
                Optional.of(admin),
                MembershipRules.successor(member(1, Role.OWNER, 50), List.of(oldestMember, youngerAdmin, admin)));
    }

    @Test
    void the_longest_member_inherits_where_there_is_no_admin() {
        var oldest = member(5, Role.MEMBER, 100);
        assertEquals(
                Optional.of(oldest),
                MembershipRules.successor(member(1, Role.OWNER, 50), List.of(member(2, Role.MEMBER, 200), oldest)));
    }

    @Test
    void nobody_inherits_while_another_owner_stays_or_from_who_owns_nothing() {
        var others = List.of(member(2, Role.OWNER, 1), member(3, Role.ADMIN, 2));
        assertEquals(Optional.empty(), MembershipRules.successor(member(1, Role.OWNER, 50), others));
        assertEquals(Optional.empty(), MembershipRules.successor(member(1, Role.ADMIN, 50), List.of()));
    }

    private static Member member(long user, Role role, long joined) {
        return new Member(new ConversationId(9), new UserId(user), role, Instant.ofEpochMilli(joined), 1);
    }
}
