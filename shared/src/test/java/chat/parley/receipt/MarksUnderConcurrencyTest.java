package chat.parley.receipt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.receipt.MarkOutcome.Stand;
import chat.parley.receipt.UnreadCounts.Unread;
import chat.parley.testkit.RealPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What must be true of marks whatever several devices, people and nodes do at once: they never go back, nobody sees them go back, they end where the
 * furthest device put them, and unread is what a recount finds. A failure names the seed; the interleaving is the machine's.
 */
class MarksUnderConcurrencyTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final int PEOPLE = 4;
    private static final int DEVICES_EACH = 3;
    private static final int TALKS = 3;
    private static final int STEPS = 60;

    private record Who(ConversationId talk, UserId user) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void marks_only_grow_and_end_at_the_furthest(long seed) throws Exception {
        var moves = new ConcurrentLinkedQueue<Advance>();
        try (var world = new ReceiptWorld(POSTGRES, 20);
                var otherNode = new Receipts(
                        world.postgres, MessageHeads.IN_ROWS, world.clock, new SimpleMeterRegistry(), moves::add)) {
            var run = new Run(world, otherNode, seed);
            run.everybodyAtOnce();
            run.check(world.advances, moves);
        }
    }

    /** One seed's people, and what they were promised. */
    private static final class Run {
        private final ReceiptWorld world;
        private final List<Receipts> nodes;
        private final Random random;
        private final List<UserId> people = new ArrayList<>();
        private final List<ConversationId> talks = new ArrayList<>();
        private final UserId guest;
        /** The furthest that anyone was told or put it. */
        private final Map<Who, Marks> furthest = new ConcurrentHashMap<>();

        private final AtomicBoolean over = new AtomicBoolean();

        Run(ReceiptWorld world, Receipts otherNode, long seed) {
            this.world = world;
            this.nodes = List.of(world.receipts, otherNode);
            this.random = new Random(seed);
            for (int i = 0; i < PEOPLE; i++) {
                people.add(world.person());
            }
            guest = world.person();
            for (int i = 0; i < TALKS; i++) {
                talks.add(world.group(people.getFirst(), people.toArray(UserId[]::new)));
            }
        }

        void everybodyAtOnce() throws Exception {
            var devices = new ArrayList<Callable<Void>>();
            for (var person : people) {
                for (int i = 0; i < DEVICES_EACH; i++) {
                    var chance = new Random(random.nextLong());
                    devices.add(() -> device(person, chance));
                }
            }
            devices.add(this::comingAndGoing);
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                var watching = threads.submit(this::watch);
                var running = devices.stream().map(threads::submit).toList();
                for (var each : running) {
                    each.get();
                }
                over.set(true);
                watching.get();
            }
        }

        /** Sends now and then, and marks at random, also far back and twice. */
        private Void device(UserId user, Random chance) {
            for (int step = 0; step < STEPS; step++) {
                var talk = talks.get(chance.nextInt(TALKS));
                if (chance.nextInt(4) == 0) {
                    long seq = world.send(talk, user);
                    reached(new Who(talk, user), new Marks(seq, seq));
                    continue;
                }
                long last = world.conversations.find(talk).orElseThrow().lastSeq();
                var marks = new ArrayList<NewMarks>();
                for (int i = 0; i <= chance.nextInt(3); i++) {
                    long read = chance.nextLong(last + 1);
                    marks.add(new NewMarks(talk, user, read, chance.nextLong(last + 1)));
                }
                var node = nodes.get(chance.nextInt(nodes.size()));
                var outcomes = node.move(marks);
                for (int i = 0; i < marks.size(); i++) {
                    var wanted = marks.get(i);
                    var stand = ((Stand) outcomes.get(i)).marks();
                    assertTrue(stand.readSeq() >= wanted.readSeq(), "acknowledged and not moved");
                    assertTrue(stand.deliveredSeq() >= wanted.deliveredSeq(), "acknowledged and not moved");
                    assertTrue(stand.deliveredSeq() >= stand.readSeq());
                    reached(
                            new Who(talk, user),
                            new Marks(wanted.readSeq(), Math.max(wanted.readSeq(), wanted.deliveredSeq())));
                }
            }
            return null;
        }

        /** Changes of members lock the same rows in another order. */
        private Void comingAndGoing() {
            for (int i = 0; i < STEPS / 2; i++) {
                var talk = talks.get(i % TALKS);
                world.join(talk, people.getFirst(), guest);
                nodes.get(i % 2).move(List.of(new NewMarks(talk, guest, 1, 1)));
                world.changes.remove(talk, guest, guest);
            }
            return null;
        }

        private Void watch() {
            var seen = new HashMap<Who, Marks>();
            while (!over.get()) {
                for (var talk : talks) {
                    for (var member : world.conversations.members(talk, null, 50)) {
                        var now = new Marks(member.readSeq(), member.deliveredSeq());
                        var before = seen.put(new Who(talk, member.user()), now);
                        assertTrue(before == null || isForward(before, now), () -> before + " became " + now);
                    }
                }
            }
            return null;
        }

        private void reached(Who who, Marks marks) {
            furthest.merge(
                    who,
                    marks,
                    (one, other) -> new Marks(
                            Math.max(one.readSeq(), other.readSeq()),
                            Math.max(one.deliveredSeq(), other.deliveredSeq())));
        }

        void check(Queue<Advance> ofOneNode, Queue<Advance> ofTheOther) {
            furthest.forEach((who, marks) -> assertEquals(marks, world.marks(who.talk, who.user)));
            checkForward(ofOneNode);
            checkForward(ofTheOther);
            for (var person : people) {
                long messages = 0;
                long conversations = 0;
                for (var talk : talks) {
                    long recount = world.number("SELECT count(*) FROM message WHERE conversation_id = " + talk.value()
                            + " AND seq > " + world.marks(talk, person).readSeq());
                    messages += recount;
                    conversations += recount > 0 ? 1 : 0;
                }
                assertEquals(new Unread(messages, conversations), new UnreadCounts(world.postgres).of(person));
            }
            assertEquals(0, world.number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"));
        }

        /** What one node hands on to be told never goes back. */
        private void checkForward(Queue<Advance> advances) {
            var last = new HashMap<Who, Marks>();
            for (var advance : advances) {
                if (!advance.user().equals(guest)) {
                    var before = last.put(new Who(advance.conversation(), advance.user()), advance.now());
                    assertTrue(before == null || isForward(before, advance.now()), () -> before + " then " + advance);
                }
            }
            assertTrue(!last.isEmpty(), "nothing moved, so nothing was shown");
        }

        private static boolean isForward(Marks before, Marks now) {
            return now.readSeq() >= before.readSeq() && now.deliveredSeq() >= before.deliveredSeq();
        }
    }
}
