package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.testkit.RealRing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of messages when nodes of a ring of three die: three replicas, and a quorum is two. */
class RingTest {
    /** Enough that something is always under way in each conversation; more would only show how little two cores can do for three nodes. */
    private static final int WRITERS = 8;

    private static final int READERS = 2;

    /** A ring that has just been started compiles its code; so many sends in a row that are answered at once show that it has become a usual one. */
    private static final int WARM_SENDS = 30;

    private static final Duration AT_ONCE = Duration.ofMillis(250);

    /** {@link MessageStore#RESULT_LIMIT}, and what a loaded machine takes to notice that it is over. */
    private static final Duration ANSWER_MAX = MessageStore.RESULT_LIMIT.plusSeconds(3);

    private static RealRing ring;

    private final List<ConversationId> talks =
            LongStream.rangeClosed(1, 6).mapToObj(ConversationId::new).toList();
    private final List<ConversationId> others =
            LongStream.rangeClosed(11, 16).mapToObj(ConversationId::new).toList();
    private Cassandra cassandra;
    private CassandraMessageStore store;

    @BeforeAll
    static void startRing() {
        ring = RealRing.shared();
    }

    @BeforeEach
    void open() {
        cassandra = Cassandra.open(ring.freshKeyspace());
        store = newStore();
        patiently().until(this::isWarm);
    }

    @AfterEach
    void close() {
        store.close();
        cassandra.close();
    }

    private CassandraMessageStore newStore() {
        return new CassandraMessageStore(
                cassandra, MessageLoad.UNCHANGING, Clock.systemUTC(), new SimpleMeterRegistry());
    }

    @Test
    void one_node_killed_under_load_and_brought_back_is_seen_by_no_client() throws Exception {
        try (var other = newStore();
                var load = new MessageLoad(List.of(store, other), talks)) {
            load.start(WRITERS, READERS);
            awaitMore(load, 200);
            ring.kill(0);
            awaitMore(load, 200);
            ring.restart(0);
            awaitMore(load, 200);
            load.stop();
            load.check(store);
        }
    }

    @Test
    void a_node_that_stands_still_is_passed_over() throws Exception {
        try (var load = new MessageLoad(List.of(store), talks)) {
            load.start(WRITERS, READERS);
            awaitMore(load, 100);
            int before = load.acknowledged();
            ring.pause(0);
            // What was on its way there may take too long on a loaded machine; it must be answered all the same.
            patiently().until(() -> !load.failures().isEmpty() || load.acknowledged() > before + 200);
            load.stop();
            load.failures().forEach(failure -> assertEquals(StoreUnavailable.class, failure.getClass()));
            assertTrue(load.slowest().compareTo(ANSWER_MAX) < 0, load.slowest().toString());
            load.repeatUnknown();
            try (var after = new MessageLoad(List.of(store), others)) {
                after.start(WRITERS, READERS);
                awaitMore(after, 200);
                ring.resume(0);
                awaitMore(after, 100);
                after.stop();
                after.check(store);
            }
            load.check(store);
        } finally {
            ring.resume(0);
        }
    }

    @Test
    void without_a_quorum_nothing_is_half_done_and_service_resumes_by_itself() throws Exception {
        try (var load = new MessageLoad(List.of(store), talks)) {
            load.start(WRITERS, READERS);
            awaitMore(load, 100);
            ring.kill(1, 2);
            patiently().until(() -> !load.failures().isEmpty());
            load.stop();
            for (var failure : load.failures()) {
                assertEquals(StoreUnavailable.class, failure.getClass(), failure.toString());
            }
            assertTrue(load.slowest().compareTo(ANSWER_MAX) < 0, load.slowest().toString());
            assertNotNull(cassandra.complaint());
            assertThrows(
                    StoreUnavailable.class,
                    () -> store.append(new NewMessage(talks.getFirst(), 1, new UserId(1), "a", MessageBody.text("a"))));
            assertThrows(StoreUnavailable.class, () -> store.after(talks.getFirst(), 0, 10));
            assertThrows(StoreUnavailable.class, () -> store.newest(talks));
            ring.restart(1, 2);
            patiently().until(() -> cassandra.complaint() == null);
            load.repeatUnknown();
            load.check(store);
        }
    }

    private boolean isWarm() {
        var talk = new ConversationId(99);
        for (int n = 0; n < WARM_SENDS; n++) {
            long begun = System.nanoTime();
            try {
                store.append(new NewMessage(talk, 1, new UserId(1), "warm" + begun, MessageBody.text("hello")));
            } catch (StoreUnavailable e) {
                return false;
            }
            if (System.nanoTime() - begun > AT_ONCE.toNanos()) {
                return false;
            }
        }
        return true;
    }

    private static void awaitMore(MessageLoad load, int count) {
        int before = load.acknowledged();
        patiently().until(() -> !load.failures().isEmpty() || load.acknowledged() > before + count);
        assertEquals(List.of(), load.failures());
    }

    private static ConditionFactory patiently() {
        return Awaitility.await().atMost(Duration.ofMinutes(2));
    }
}
