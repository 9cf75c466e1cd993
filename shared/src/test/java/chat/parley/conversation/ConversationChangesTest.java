package chat.parley.conversation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.conversation.ChangeOutcome.DirectIsFixed;
import chat.parley.conversation.ChangeOutcome.Forbidden;
import chat.parley.conversation.ChangeOutcome.GroupFull;
import chat.parley.conversation.ChangeOutcome.LastOwner;
import chat.parley.conversation.ChangeOutcome.MemberChange;
import chat.parley.conversation.ChangeOutcome.MembersChanged;
import chat.parley.conversation.ChangeOutcome.NotFound;
import chat.parley.conversation.ChangeOutcome.Unchanged;
import chat.parley.conversation.ChangeOutcome.Updated;
import chat.parley.conversation.ConversationCreation.Wish;
import chat.parley.conversation.CreateOutcome.Created;
import chat.parley.conversation.CreateOutcome.Existed;
import chat.parley.conversation.CreateOutcome.IdTaken;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.outbox.OutboxKind;
import chat.parley.testkit.RealPostgres;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ConversationChangesTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private World world;
    private UserId owner;
    private UserId admin;
    private UserId member;
    private UserId stranger;
    private ConversationId group;

    @BeforeEach
    void make_a_group_of_three() {
        world = new World(POSTGRES);
        owner = world.person();
        admin = world.person();
        member = world.person();
        stranger = world.person();
        group = world.group(owner, admin, member);
        assertInstanceOf(MembersChanged.class, world.changes.setRole(group, owner, admin, Role.ADMIN));
    }

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void a_direct_conversation_is_made_once_whoever_asks() {
        var made = assertInstanceOf(Created.class, world.creation.direct(world.ids.conversation(), owner, member));
        assertEquals(2, made.conversation().memberCount());
        assertEquals(Role.MEMBER, made.creator().role());
        assertEquals(
                new Existed(made.conversation().id()), world.creation.direct(world.ids.conversation(), member, owner));
    }

    @Test
    void a_group_is_made_once_for_one_id() {
        var id = world.ids.conversation();
        var made =
                assertInstanceOf(Created.class, world.creation.create(id, owner, Wish.group("Once"), List.of(member)));
        assertEquals(Role.OWNER, made.creator().role());
        assertEquals(new Existed(id), world.creation.create(id, owner, Wish.group("Once"), List.of(member)));
        assertEquals(new IdTaken(), world.creation.create(id, stranger, Wish.group("Mine"), List.of()));
        assertEquals(1, outboxRows(id));
    }

    @Test
    void who_joins_sees_what_comes_after() {
        world.messageSent(group);
        world.messageSent(group);
        var done = assertInstanceOf(
                MembersChanged.class, world.changes.add(group, admin, List.of(stranger, member), Role.MEMBER));
        var change = done.changes().getFirst();
        assertEquals(1, done.changes().size());
        assertEquals(OutboxKind.MEMBER_JOINED, change.kind());
        assertEquals(3, change.member().joinedSeq());
        assertEquals(change.member(), world.member(group, stranger));
    }

    @Test
    void who_comes_back_does_not_see_what_was_said_in_between() {
        world.messageSent(group);
        assertInstanceOf(MembersChanged.class, world.changes.remove(group, admin, member));
        world.messageSent(group);
        var left = world.conversations.memberState(group, member).orElseThrow().left();
        assertNotNull(left);
        assertEquals(1, left.seq());
        assertTrue(world.conversations.member(group, member).isEmpty());

        assertInstanceOf(MembersChanged.class, world.changes.add(group, admin, List.of(member), Role.MEMBER));
        assertEquals(3, world.member(group, member).joinedSeq());
    }

    @Test
    void adding_who_is_there_changes_nothing() {
        long before = outboxRows(group);
        var roster = world.conversations.freshRoster(group).orElseThrow();
        assertEquals(new Unchanged(), world.changes.add(group, owner, List.of(member, admin), Role.OWNER));
        assertEquals(before, outboxRows(group));
        assertEquals(roster, world.conversations.freshRoster(group).orElseThrow());
    }

    @Test
    void roles_decide() {
        assertEquals(new NotFound(), world.changes.add(group, stranger, List.of(stranger), Role.MEMBER));
        assertEquals(new Forbidden(), world.changes.add(group, member, List.of(stranger), Role.MEMBER));
        assertEquals(new Forbidden(), world.changes.add(group, admin, List.of(stranger), Role.ADMIN));
        assertEquals(new Forbidden(), world.changes.remove(group, member, admin));
        assertEquals(new Forbidden(), world.changes.remove(group, admin, owner));
        assertEquals(new NotFound(), world.changes.remove(group, admin, stranger));
        assertEquals(new NotFound(), world.changes.remove(group, stranger, member));
        assertEquals(new Forbidden(), world.changes.setRole(group, admin, member, Role.ADMIN));
        assertEquals(new Forbidden(), world.settings.set(group, member, SettingsChange.name("Mine")));
        assertEquals(new NotFound(), world.settings.set(group, stranger, SettingsChange.name("Mine")));
        assertEquals(new NotFound(), world.settings.set(world.ids.conversation(), owner, SettingsChange.name("Mine")));
    }

    @Test
    void a_new_name_is_remembered_and_the_old_one_again_is_not() {
        assertInstanceOf(Updated.class, world.settings.set(group, admin, SettingsChange.name("Better")));
        assertEquals("Better", world.conversations.find(group).orElseThrow().name());
        assertEquals(new Unchanged(), world.settings.set(group, owner, SettingsChange.name("Better")));
    }

    @Test
    void a_direct_conversation_stays_as_it_is() {
        var made = assertInstanceOf(Created.class, world.creation.direct(world.ids.conversation(), owner, stranger));
        var direct = made.conversation().id();
        assertEquals(new DirectIsFixed(), world.changes.add(direct, owner, List.of(member), Role.MEMBER));
        assertEquals(new DirectIsFixed(), world.changes.remove(direct, owner, owner));
        assertEquals(new DirectIsFixed(), world.changes.setRole(direct, owner, stranger, Role.ADMIN));
        assertEquals(new DirectIsFixed(), world.settings.set(direct, owner, SettingsChange.name("Us")));
        assertEquals(new NotFound(), world.settings.set(direct, member, SettingsChange.name("Us")));
    }

    @Test
    void the_only_owner_who_leaves_hands_over_to_the_longest_admin() {
        var done = assertInstanceOf(MembersChanged.class, world.changes.remove(group, owner, owner));
        assertEquals(
                List.of(OutboxKind.MEMBER_UPDATED, OutboxKind.MEMBER_LEFT),
                done.changes().stream().map(MemberChange::kind).toList());
        assertEquals(Role.OWNER, world.member(group, admin).role());
        assertEquals(2, world.conversations.find(group).orElseThrow().memberCount());
    }

    @Test
    void the_only_owner_becomes_less_only_after_naming_another() {
        assertEquals(new LastOwner(), world.changes.setRole(group, owner, owner, Role.MEMBER));
        assertInstanceOf(MembersChanged.class, world.changes.setRole(group, owner, member, Role.OWNER));
        assertInstanceOf(MembersChanged.class, world.changes.setRole(group, owner, owner, Role.ADMIN));
        var alone = world.group(stranger);
        assertEquals(new LastOwner(), world.changes.setRole(alone, stranger, stranger, Role.MEMBER));
    }

    @Test
    void the_last_member_may_leave_and_then_nobody_is_there() {
        var alone = world.group(stranger);
        assertInstanceOf(MembersChanged.class, world.changes.remove(alone, stranger, stranger));
        assertTrue(world.conversations.freshRoster(alone).isEmpty());
        assertEquals(new NotFound(), world.changes.add(alone, stranger, List.of(stranger), Role.MEMBER));
    }

    @Test
    void a_full_group_takes_nobody() {
        var changes =
                new ConversationChanges(world.postgres, MessageHeads.IN_ROWS, world.clock, new GroupSizes(50, 100));
        var people = world.people(100);
        var big = world.group(owner, people.subList(0, 99).toArray(UserId[]::new));
        assertEquals(new GroupFull(), changes.add(big, owner, List.of(people.getLast()), Role.MEMBER));
        assertInstanceOf(MembersChanged.class, changes.remove(big, owner, people.getFirst()));
        assertInstanceOf(MembersChanged.class, changes.add(big, owner, List.of(people.getLast()), Role.MEMBER));
        assertEquals(100, world.conversations.find(big).orElseThrow().memberCount());
    }

    @Test
    void times_of_changes_grow_also_when_the_clock_is_set_back() {
        var first = assertInstanceOf(Updated.class, world.settings.set(group, owner, SettingsChange.name("One")));
        world.clock.advance(Duration.ofMinutes(-5));
        var second = assertInstanceOf(Updated.class, world.settings.set(group, owner, SettingsChange.name("Two")));
        var third = assertInstanceOf(MembersChanged.class, world.changes.remove(group, owner, member));
        assertTrue(second.at().isAfter(first.at()));
        assertTrue(third.at().isAfter(second.at()));
    }

    private long outboxRows(ConversationId conversation) {
        return world.number("SELECT count(*) FROM outbox WHERE conversation_id = " + conversation.value());
    }
}
