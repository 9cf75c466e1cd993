package chat.parley.conversation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.conversation.ChangeOutcome.MembersChanged;
import chat.parley.conversation.Conversations.ListPosition;
import chat.parley.conversation.Conversations.MemberPosition;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.testkit.RealPostgres;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ConversationsTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private World world;
    private UserId ann;
    private UserId bob;

    @BeforeEach
    void two_people() {
        world = new World(POSTGRES);
        ann = world.person();
        bob = world.person();
    }

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void a_cached_roster_may_be_old_and_a_fresh_one_is_not() {
        var group = world.group(ann, bob);
        var cached = world.conversations.roster(group).orElseThrow();
        assertEquals(Set.of(ann, bob), cached.members().keySet());
        assertInstanceOf(MembersChanged.class, world.changes.remove(group, ann, bob));
        assertSame(cached, world.conversations.roster(group).orElseThrow());

        var fresh = world.conversations.freshRoster(group).orElseThrow();
        assertEquals(Set.of(ann), fresh.members().keySet());
        assertNotEquals(cached.version(), fresh.version());
        assertEquals(fresh, world.conversations.roster(group).orElseThrow());
    }

    @Test
    void what_does_not_exist_has_no_roster() {
        assertTrue(world.conversations.roster(world.ids.conversation()).isEmpty());
    }

    @Test
    void the_list_goes_by_last_activity_in_pages() {
        var ids = new ArrayList<ConversationId>();
        for (int i = 0; i < 5; i++) {
            ids.add(world.group(ann, bob));
            world.clock.advance(SECOND);
        }
        world.messageSent(ids.getFirst());
        var first = world.list.page(ann, null, 3);
        assertEquals(List.of(ids.get(0), ids.get(4), ids.get(3)), conversationIds(first));
        assertEquals(2, first.getFirst().membership().conversation().members().size());

        var last = first.getLast().membership().conversation();
        var second = world.list.page(ann, new ListPosition(last.lastAt(), last.id()), 3);
        assertEquals(List.of(ids.get(2), ids.get(1)), conversationIds(second));
        assertTrue(world.list.page(world.person(), null, 3).isEmpty());
    }

    @Test
    void the_members_of_a_line_are_never_older_than_the_line() {
        var group = world.group(ann, bob);
        var carol = world.person();
        assertEquals(
                2,
                world.list
                        .page(ann, null, 3)
                        .getFirst()
                        .membership()
                        .conversation()
                        .members()
                        .size());
        world.changes.add(group, ann, List.of(carol), Role.MEMBER);
        var joined = world.list.page(ann, null, 3).getFirst().membership().conversation();
        assertEquals(3, joined.memberCount());
        assertEquals(List.of(ann, bob, carol), users(joined.members()));
        world.changes.setRole(group, ann, bob, Role.ADMIN);
        var promoted = world.list
                .page(ann, null, 3)
                .getFirst()
                .membership()
                .conversation()
                .members();
        assertEquals(Role.ADMIN, promoted.get(1).role());
        world.changes.remove(group, ann, bob);
        var left = world.list.page(ann, null, 3).getFirst().membership().conversation();
        assertEquals(List.of(ann, carol), users(left.members()));
    }

    @Test
    void conversations_of_one_moment_are_each_listed_once() {
        for (int i = 0; i < 7; i++) {
            world.group(ann, bob);
        }
        var seen = new ArrayList<ConversationId>();
        ListPosition after = null;
        while (true) {
            var page = world.list.page(ann, after, 2);
            if (page.isEmpty()) {
                break;
            }
            seen.addAll(conversationIds(page));
            var last = page.getLast().membership().conversation();
            after = new ListPosition(last.lastAt(), last.id());
        }
        assertEquals(7, seen.size());
        assertEquals(7, Set.copyOf(seen).size());
    }

    @Test
    void members_page_from_the_longest_to_the_newest() {
        var group = world.group(ann);
        world.clock.advance(SECOND);
        var joiners = world.people(4);
        for (var joiner : joiners) {
            world.changes.add(group, ann, List.of(joiner), Role.MEMBER);
        }
        var first = world.conversations.members(group, null, 3);
        assertEquals(List.of(ann, joiners.get(0), joiners.get(1)), users(first));
        var last = first.getLast();
        assertEquals(
                joiners.subList(2, 4),
                users(world.conversations.members(group, new MemberPosition(last.joinedAt(), last.user()), 3)));
    }

    @Test
    void who_left_finds_nothing() {
        var group = world.group(ann, bob);
        assertTrue(world.conversations.find(group, bob).isPresent());
        world.changes.remove(group, ann, bob);
        assertTrue(world.conversations.find(group, bob).isEmpty());
        assertTrue(world.list.page(bob, null, 10).isEmpty());
        assertTrue(world.conversations.recentHeads(bob, 10).isEmpty());
        assertTrue(world.conversations.find(group, world.person()).isEmpty());
    }

    @Test
    void a_rebuilt_stream_knows_what_changed_since() {
        var quiet = world.group(ann, bob);
        var renamed = world.group(ann, bob);
        var left = world.group(bob, ann);
        var leftLongAgo = world.group(bob, ann);
        world.changes.remove(leftLongAgo, ann, ann);
        world.clock.advance(SECOND);
        var since = world.clock.instant();
        world.settings.set(renamed, ann, SettingsChange.name("New"));
        world.changes.remove(left, ann, ann);
        var carol = world.person();
        world.changes.add(quiet, ann, List.of(carol), Role.MEMBER);
        world.changes.setRole(quiet, ann, bob, Role.ADMIN);
        var made = world.group(bob, ann);

        var told = world.conversations.since(ann, since);

        assertEquals(
                Set.of(quiet, renamed, left, made),
                Set.copyOf(told.memberships().stream()
                        .map(each -> each.conversation().id())
                        .toList()));
        for (var each : told.memberships()) {
            var id = each.conversation().id();
            boolean told_whole = id.equals(renamed) || id.equals(made);
            assertEquals(told_whole, !each.updatedAt().isBefore(since));
            assertEquals(told_whole ? 2 : 0, each.conversation().members().size());
            assertEquals(id.equals(left), each.me().left() != null);
        }
        var inQuiet = told.changes().stream()
                .filter(change -> change.member().conversation().equals(quiet))
                .toList();
        assertEquals(
                List.of(carol, bob),
                inQuiet.stream().map(change -> change.member().user()).toList());
        assertTrue(inQuiet.getFirst().joinedLast());
        assertTrue(!inQuiet.getLast().joinedLast() && inQuiet.getLast().left() == null);
        assertTrue(told.changes().stream()
                .noneMatch(change -> change.member().conversation().equals(left)));
    }

    @Test
    void a_rebuilt_stream_knows_of_pins_and_of_what_is_over() {
        var pinned = world.group(ann, bob);
        var over = world.group(ann, bob);
        world.messageSent(pinned);
        world.clock.advance(SECOND);
        var since = world.clock.instant();
        world.settings.pin(pinned, ann, 1);
        world.settings.delete(over, ann);
        for (var told : world.conversations.since(bob, since).memberships()) {
            boolean isOver = told.conversation().id().equals(over);
            assertEquals(isOver, told.me().left() != null);
            assertEquals(!isOver, !told.updatedAt().isBefore(since));
            assertEquals(isOver ? List.of() : List.of(1L), told.conversation().pinnedSeqs());
        }
        assertEquals(2, world.conversations.since(bob, since).memberships().size());
    }

    @Test
    void a_newcomer_is_not_told_who_was_here_before() {
        var group = world.group(ann, bob);
        var since = world.clock.instant();
        world.clock.advance(SECOND);
        world.changes.remove(group, ann, bob);
        world.clock.advance(SECOND);
        var carol = world.person();
        world.changes.add(group, ann, List.of(carol), Role.MEMBER);
        var told = world.conversations.since(carol, since);
        assertEquals(
                List.of(carol),
                told.changes().stream().map(change -> change.member().user()).toList());
    }

    @Test
    void who_left_since_is_told_so() {
        var group = world.group(ann, bob);
        world.messageSent(group);
        var since = world.clock.instant();
        world.changes.remove(group, ann, bob);
        var mine =
                world.conversations.since(bob, since).memberships().getFirst().me();
        assertNotNull(mine.left());
        assertEquals(1, mine.left().seq());
        var seenByAnn = world.conversations.since(ann, since).changes();
        assertEquals(bob, seenByAnn.getLast().member().user());
        assertNotNull(seenByAnn.getLast().left());
    }

    @Test
    void heads_tell_how_far_messages_reach() {
        var group = world.group(ann, bob);
        world.messageSent(group);
        world.messageSent(group);
        assertEquals(List.of(new Head(group, 2)), world.conversations.recentHeads(ann, 10));
    }

    private static List<ConversationId> conversationIds(List<ConversationList.Entry> entries) {
        return entries.stream()
                .map(each -> each.membership().conversation().id())
                .toList();
    }

    private static List<UserId> users(List<Member> members) {
        return members.stream().map(Member::user).toList();
    }
}
