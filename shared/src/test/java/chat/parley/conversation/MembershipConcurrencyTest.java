package chat.parley.conversation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.conversation.ChangeOutcome.MembersChanged;
import chat.parley.conversation.CreateOutcome.Created;
import chat.parley.conversation.CreateOutcome.Existed;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.testkit.RealPostgres;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MembershipConcurrencyTest {
    private static final int ROUNDS = 20;
    private static final int THREADS = 8;

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private World world;

    @BeforeEach
    void open() {
        world = new World(POSTGRES);
    }

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void both_create_the_direct_conversation_at_once_and_get_one() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            var ann = world.person();
            var bob = world.person();
            var tasks = new ArrayList<Callable<CreateOutcome>>();
            for (int i = 0; i < THREADS; i++) {
                var creator = i % 2 == 0 ? ann : bob;
                tasks.add(() ->
                        world.creation.direct(world.ids.conversation(), creator, creator.equals(ann) ? bob : ann));
            }
            var outcomes = World.atOnce(tasks);
            assertEquals(1, outcomes.stream().filter(Created.class::isInstance).count());
            var ids = new HashSet<ConversationId>();
            for (var outcome : outcomes) {
                switch (outcome) {
                    case Created made -> ids.add(made.conversation().id());
                    case Existed existed -> ids.add(existed.conversation());
                    case CreateOutcome.IdTaken taken -> throw new AssertionError(taken);
                    case CreateOutcome.Blocked blocked -> throw new AssertionError(blocked);
                }
            }
            assertEquals(1, ids.size());
        }
    }

    @Test
    void two_owners_who_remove_each_other_leave_one() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            var ann = world.person();
            var bob = world.person();
            var group = world.group(ann, bob);
            world.changes.setRole(group, ann, bob, Role.OWNER);
            var outcomes = World.atOnce(List.<Callable<ChangeOutcome>>of(
                    () -> world.changes.remove(group, ann, bob), () -> world.changes.remove(group, bob, ann)));
            assertEquals(
                    1,
                    outcomes.stream().filter(MembersChanged.class::isInstance).count());
            checkInvariants(group);
        }
    }

    @Test
    void two_owners_who_step_down_at_once_leave_one() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            var ann = world.person();
            var bob = world.person();
            var group = world.group(ann, bob);
            world.changes.setRole(group, ann, bob, Role.OWNER);
            World.atOnce(List.<Callable<ChangeOutcome>>of(
                    () -> world.changes.setRole(group, ann, ann, Role.MEMBER),
                    () -> world.changes.setRole(group, bob, bob, Role.MEMBER)));
            checkInvariants(group);
        }
    }

    @Test
    void any_mix_of_changes_and_messages_keeps_one_owner_and_a_dense_version() throws Exception {
        var people = world.people(12);
        var owner = people.getFirst();
        var group = world.group(owner, people.subList(1, 6).toArray(UserId[]::new));
        var tasks = new ArrayList<Callable<Integer>>();
        for (int i = 0; i < THREADS; i++) {
            var random = new Random(i);
            tasks.add(() -> {
                int changed = 0;
                for (int step = 0; step < 60; step++) {
                    if (randomChange(group, people, random) instanceof MembersChanged) {
                        changed++;
                    }
                }
                return changed;
            });
        }
        int changed = World.atOnce(tasks).stream().mapToInt(Integer::intValue).sum();
        assertTrue(changed > 0);
        checkInvariants(group);
        // Made at 1, then one step for each change: no change was lost, none counted twice.
        assertEquals(1 + changed, world.number("SELECT members_version FROM conversation WHERE id = " + group.value()));
    }

    private ChangeOutcome randomChange(ConversationId group, List<UserId> people, Random random) {
        var roles = List.of(Role.OWNER, Role.ADMIN, Role.MEMBER);
        var actor = people.get(random.nextInt(people.size()));
        var target = people.get(random.nextInt(people.size()));
        return switch (random.nextInt(5)) {
            case 0 -> world.changes.add(group, actor, List.of(target, actor), Role.MEMBER);
            case 1 -> world.changes.add(group, actor, people, Role.MEMBER);
            case 2 -> world.changes.remove(group, actor, target);
            case 3 -> {
                world.messageSent(group);
                yield world.changes.remove(group, actor, actor);
            }
            default -> world.changes.setRole(group, actor, target, roles.get(random.nextInt(roles.size())));
        };
    }

    private void checkInvariants(ConversationId group) {
        long id = group.value();
        long members = world.number("SELECT count(*) FROM member WHERE left_at IS NULL AND conversation_id = " + id);
        long owners = world.number(
                "SELECT count(*) FROM member WHERE left_at IS NULL AND role = 'owner' AND conversation_id = " + id);
        assertEquals(members, world.number("SELECT member_count FROM conversation WHERE id = " + id));
        assertTrue(members == 0 || owners > 0, () -> members + " members and " + owners + " owners");
        assertEquals(
                0,
                world.number(
                        "SELECT count(*) FROM member WHERE left_seq < joined_seq - 1 AND conversation_id = " + id));
    }
}
