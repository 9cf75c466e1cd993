package chat.parley.systemtests.concurrency;

import static org.junit.jupiter.api.Assertions.assertEquals;

import chat.parley.systemtests.history.Checker;
import chat.parley.systemtests.history.History;
import chat.parley.systemtests.history.Outcome;
import chat.parley.systemtests.history.Seen;
import chat.parley.systemtests.history.Truth;
import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Device;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.SharedParley;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 150, unit = TimeUnit.SECONDS)
class ConcurrencyTest {
    private static final int WRITERS = 16;
    private static final int MESSAGES_A_WRITER = 50;
    private static final Duration DELIVERED_MAX = Duration.ofSeconds(60);

    private final Api api = SharedParley.get().api();
    private final History history = new History();
    private final List<Person> people = new ArrayList<>();
    private final List<Device> devices = new ArrayList<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @BeforeEach
    void signUp() throws Exception {
        for (int i = 0; i < WRITERS; i++) people.add(api.signUp("writer"));
    }

    @AfterEach
    void end() throws InterruptedException {
        for (var device : devices) device.close();
        threads.shutdownNow();
    }

    @Test
    void sixteen_writers_in_one_conversation_are_seen_whole_and_in_one_order_by_every_reader() throws Exception {
        run(List.of(people.getFirst().group("one", people.subList(1, WRITERS))));
    }

    @Test
    void sixteen_writers_in_a_hundred_conversations_are_seen_whole_and_in_one_order_by_every_reader() throws Exception {
        var conversations = new ArrayList<String>();
        for (int i = 0; i < 100; i++) {
            conversations.add(people.getFirst().group("number " + i, people.subList(1, WRITERS)));
        }
        run(conversations);
    }

    private void run(List<String> conversations) throws Exception {
        for (int i = 0; i < 4; i++) {
            var person = people.get(i);
            devices.add(Device.connect(person, history.device("device of " + person.username(), person.id())));
        }
        var pagers = conversations.stream()
                .limit(4)
                .map(conversation -> threads.submit(page(conversation, conversations.size())))
                .toList();
        var writers = new ArrayList<Future<Void>>();
        for (int i = 0; i < WRITERS; i++) writers.add(threads.submit(write(i, conversations)));
        for (var writer : writers) writer.get();

        var truth = truth(conversations);
        assertEquals(
                WRITERS * MESSAGES_A_WRITER,
                truth.stored().values().stream().mapToInt(List::size).sum());
        Awaitility.await("everything holds on every device")
                .atMost(DELIVERED_MAX)
                .untilAsserted(() -> assertEquals(List.of(), Checker.checkCalm(history, truth)));
        for (int i = 0; i < pagers.size(); i++) {
            assertEquals(truth.stored().get(conversations.get(i)), pagers.get(i).get(), "what a reader that pages saw");
        }
    }

    private Callable<Void> write(int number, List<String> conversations) {
        var writer = people.get(number);
        return () -> {
            for (int i = 0; i < MESSAGES_A_WRITER; i++) {
                // Of a hundred conversations each gets equally many, from every other writer, at the same moments.
                var conversation = conversations.get((number * MESSAGES_A_WRITER + i) % conversations.size());
                var attempt = writer.send(conversation, number + "-" + i, "message " + i + " of " + writer.username());
                history.attempted(attempt);
                assertEquals(Outcome.OK, attempt.outcome(), () -> "nothing is broken here: " + attempt);
            }
            return null;
        };
    }

    /** Asks again and again for what comes after the last message it saw: by this, ids given out before commit lose messages. */
    private Callable<List<Seen>> page(String conversation, int conversations) {
        var reader = people.getLast();
        long due = (long) WRITERS * MESSAGES_A_WRITER / conversations;
        return () -> {
            var seen = new ArrayList<Seen>();
            while (seen.size() < due && !Thread.currentThread().isInterrupted()) {
                seen.addAll(reader.historyAfter(
                        conversation, seen.isEmpty() ? 0 : seen.getLast().seq()));
            }
            return seen;
        };
    }

    private Truth truth(List<String> conversations) throws Exception {
        var everyone = people.stream().map(Person::id).collect(Collectors.toSet());
        var stored = new HashMap<String, List<Seen>>();
        var members = new HashMap<String, Set<String>>();
        for (var conversation : conversations) {
            stored.put(conversation, people.get(1).history(conversation));
            members.put(conversation, everyone);
        }
        return new Truth(stored, members);
    }
}
