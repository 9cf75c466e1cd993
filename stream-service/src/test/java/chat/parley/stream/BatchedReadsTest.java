package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.ops.StoreUnavailable;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BatchedReadsTest {
    /** Fewer than are read at once. */
    private static final int CROWD = 50;

    /** Who asks for this holds up a worker. */
    private record Held(int key, CountDownLatch isThere, CountDownLatch goesOn) {
        Held(int key) {
            this(key, new CountDownLatch(1), new CountDownLatch(1));
        }
    }

    private final ExecutorService blocking = Executors.newVirtualThreadPerTaskExecutor();
    private final ConcurrentLinkedQueue<Set<Integer>> reads = new ConcurrentLinkedQueue<>();
    /** As many as there are workers. The second one is held up to the end of the test. */
    private final List<Held> held = List.of(new Held(-1), new Held(-2));

    @AfterEach
    void close() {
        held.forEach(one -> one.goesOn.countDown());
        blocking.close();
    }

    private BatchedReads<Integer, String> reading(Function<Collection<Integer>, Map<Integer, String>> read) {
        return new BatchedReads<>(
                blocking,
                keys -> {
                    reads.add(Set.copyOf(keys));
                    for (var one : held) {
                        if (keys.contains(one.key)) {
                            one.isThere.countDown();
                            await(one.goesOn);
                        }
                    }
                    return read.apply(keys);
                },
                "nothing");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Map<Integer, String> names(Collection<Integer> keys) {
        return keys.stream().collect(Collectors.toMap(Function.identity(), key -> "the name of " + key));
    }

    /** Those who ask for 0, 1, 2 and so on while all workers are held up. */
    private List<Asker<String>> crowd(BatchedReads<Integer, String> batched) {
        for (var one : held) {
            Asker.begin(() -> batched.ask(one.key));
            await(one.isThere); // both at once could be read by one worker
        }
        var askers = IntStream.range(0, CROWD)
                .mapToObj(key -> Asker.begin(() -> batched.ask(key)))
                .toList();
        askers.forEach(Asker::awaitWaiting);
        return askers;
    }

    @Test
    void what_many_ask_while_others_are_answered_is_read_at_once() throws Exception {
        var batched = reading(BatchedReadsTest::names);
        var crowd = crowd(batched);
        assertEquals(held.size(), reads.size(), "the crowd waits");
        held.getFirst().goesOn.countDown();
        for (int key = 0; key < CROWD; key++) {
            assertEquals("the name of " + key, crowd.get(key).told());
        }
        assertEquals(held.size() + 1, reads.size());
        assertTrue(reads.contains(IntStream.range(0, CROWD).boxed().collect(Collectors.toSet())));
    }

    @Test
    void who_asks_alone_is_answered_at_once() {
        var batched = reading(BatchedReadsTest::names);
        assertEquals("the name of 7", batched.ask(7));
        assertEquals("the name of 8", batched.ask(8));
        assertEquals(List.of(Set.of(7), Set.of(8)), List.copyOf(reads));
    }

    @Test
    void who_asks_for_what_is_not_there_is_told_so() {
        var batched = reading(keys -> Map.of());
        assertEquals("nothing", batched.ask(7));
    }

    @Test
    void an_exception_reaches_everyone_of_the_batch_and_what_is_asked_next_is_read_anew() throws Exception {
        var away = new StoreUnavailable("postgres", new IOException("away"));
        var batched = reading(keys -> {
            if (keys.size() > 1) {
                throw away;
            }
            return names(keys);
        });
        var crowd = crowd(batched);
        held.getFirst().goesOn.countDown();
        for (var asker : crowd) {
            assertSame(away, asker.failure());
        }
        assertEquals("the name of 7", batched.ask(7));
    }

    @Test
    void an_error_leaves_nobody_waiting() throws Exception {
        var broken = new AssertionError("not even a RuntimeException");
        var batched = reading(keys -> {
            throw broken;
        });
        for (int i = 0; i < 10; i++) { // more than there are workers
            assertSame(broken, Asker.begin(() -> batched.ask(7)).failure());
        }
    }

    @Test
    void who_asks_while_the_process_ends_is_answered() {
        var batched = reading(BatchedReadsTest::names);
        blocking.shutdown();
        for (int key = 0; key < 10; key++) { // more than there are workers
            assertEquals("the name of " + key, batched.ask(key));
        }
    }

    @Test
    void no_answer_is_older_than_its_question_and_none_is_forgotten() throws Exception {
        var stored = new AtomicInteger();
        var batched = new BatchedReads<Integer, Integer>(
                blocking,
                keys -> {
                    int found = stored.get();
                    for (int i = 0; i < 100; i++) {
                        Thread.onSpinWait(); // others ask meanwhile
                    }
                    return keys.stream().collect(Collectors.toMap(Function.identity(), key -> found));
                },
                -1);
        var asking = IntStream.range(0, CROWD)
                .mapToObj(number -> blocking.submit(() -> {
                    for (int i = 0; i < 1_000; i++) {
                        int least = stored.incrementAndGet();
                        int told = batched.ask(number % 7);
                        assertTrue(told >= least, () -> told + " is older than " + least);
                    }
                    return true;
                }))
                .toList();
        for (var one : asking) {
            assertTrue(one.get());
        }
    }
}
