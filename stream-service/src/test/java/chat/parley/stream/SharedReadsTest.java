package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.ops.StoreUnavailable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SharedReadsTest {
    private static final int CROWD = 50;

    /** What is stored. */
    private final AtomicInteger stored = new AtomicInteger();

    private final AtomicInteger reads = new AtomicInteger();

    /** The first read and the second: when each has read, and whether it may answer. */
    private final List<CountDownLatch> hasRead =
            Stream.generate(() -> new CountDownLatch(1)).limit(2).toList();

    private final List<CountDownLatch> mayAnswer =
            Stream.generate(() -> new CountDownLatch(1)).limit(2).toList();

    private int readAndWait() {
        int number = reads.getAndIncrement();
        int found = stored.get();
        if (number < mayAnswer.size()) {
            hasRead.get(number).countDown();
            await(mayAnswer.get(number));
        }
        return found;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static <V> List<Asker<V>> crowd(Callable<V> question) {
        var askers =
                IntStream.range(0, CROWD).mapToObj(i -> Asker.begin(question)).toList();
        askers.forEach(Asker::awaitWaiting);
        return askers;
    }

    @Test
    void those_who_ask_while_it_is_read_are_told_by_one_read_that_began_afterwards() throws Exception {
        var shared = new SharedReads<String, Integer>(key -> readAndWait());
        var first = Asker.begin(() -> shared.ask("key"));
        await(hasRead.getFirst());
        stored.set(1);
        var crowd = crowd(() -> shared.ask("key"));
        assertEquals(1, reads.get(), "they wait for the first one to end");
        mayAnswer.getFirst().countDown();
        assertEquals(0, first.told());
        mayAnswer.getLast().countDown();
        for (var asker : crowd) {
            assertEquals(1, asker.told());
        }
        assertEquals(2, reads.get());
    }

    @Test
    void nobody_joins_the_next_read_once_it_has_begun() throws Exception {
        var shared = new SharedReads<String, Integer>(key -> readAndWait());
        var first = Asker.begin(() -> shared.ask("key"));
        await(hasRead.getFirst());
        var second = Asker.begin(() -> shared.ask("key"));
        second.awaitWaiting();
        mayAnswer.getFirst().countDown();
        await(hasRead.getLast());
        stored.set(2);
        var late = crowd(() -> shared.ask("key"));
        mayAnswer.getLast().countDown();
        assertEquals(0, first.told());
        assertEquals(0, second.told());
        for (var asker : late) {
            assertEquals(2, asker.told());
        }
        assertEquals(3, reads.get());
    }

    @Test
    void who_asks_alone_is_told_what_is_there_now() {
        var shared = new SharedReads<String, Integer>(key -> stored.get());
        assertEquals(0, shared.ask("key"));
        stored.set(1);
        assertEquals(1, shared.ask("key"));
    }

    @Test
    void who_asks_for_another_key_does_not_wait() throws Exception {
        var shared = new SharedReads<String, Integer>(key -> key.equals("slow") ? readAndWait() : key.length());
        var slow = Asker.begin(() -> shared.ask("slow"));
        await(hasRead.getFirst());
        assertEquals("another".length(), shared.ask("another"));
        assertEquals("key".length(), shared.ask("key"));
        mayAnswer.getFirst().countDown();
        assertEquals(0, slow.told());
    }

    @Test
    void an_exception_reaches_everyone_who_shares_the_read_and_nobody_else() throws Exception {
        var away = new StoreUnavailable("redis", new IOException("away"));
        var shared = new SharedReads<String, Integer>(key -> {
            readAndWait();
            if (reads.get() == 2) {
                throw away;
            }
            return reads.get();
        });
        mayAnswer.getLast().countDown();
        var first = Asker.begin(() -> shared.ask("key"));
        await(hasRead.getFirst());
        var crowd = crowd(() -> shared.ask("key"));
        mayAnswer.getFirst().countDown();
        assertEquals(1, first.told());
        for (var asker : crowd) {
            assertSame(away, asker.failure());
        }
        assertEquals(3, shared.ask("key"), "it is read anew");
    }

    @Test
    void who_waited_for_a_read_that_failed_reads() throws Exception {
        var broken = new AssertionError("not even a RuntimeException");
        var shared = new SharedReads<String, Integer>(key -> {
            readAndWait();
            if (reads.get() == 1) {
                throw broken;
            }
            return reads.get();
        });
        mayAnswer.getLast().countDown();
        var first = Asker.begin(() -> shared.ask("key"));
        await(hasRead.getFirst());
        var crowd = crowd(() -> shared.ask("key"));
        mayAnswer.getFirst().countDown();
        assertSame(broken, first.failure());
        for (var asker : crowd) {
            assertEquals(2, asker.told());
        }
    }

    @Test
    void no_answer_is_older_than_its_question_however_they_meet() throws Exception {
        var shared = new SharedReads<Integer, Integer>(key -> {
            int found = stored.get();
            for (int i = 0; i < 100; i++) {
                Thread.onSpinWait(); // others ask meanwhile
            }
            return found;
        });
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var asking = IntStream.range(0, CROWD)
                    .mapToObj(number -> threads.submit(() -> {
                        for (int i = 0; i < 1_000; i++) {
                            int least = stored.incrementAndGet();
                            int told = shared.ask(number % 2);
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
}
