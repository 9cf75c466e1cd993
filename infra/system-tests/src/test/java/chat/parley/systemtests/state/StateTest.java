package chat.parley.systemtests.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.SharedParley;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Several people act at random and at once. Each of them fetched everything before; the events, applied to that, must give what a fresh fetch gives: followed
 * live, replayed exactly, and rebuilt from history.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class StateTest {
    private static final int PEOPLE = 5;
    private static final int ACTS = 160;
    private static final Duration TOLD_MAX = Duration.ofSeconds(30);

    private final Api api = SharedParley.get().api();

    /** What a client knew, and from where it follows. */
    private record Known(Person person, ClientState live, ClientState exact, ClientState rebuilt, String cursor) {}

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    void events_applied_to_an_old_state_equal_a_fresh_fetch(long seed) throws Exception {
        var people = new ArrayList<Person>();
        for (int i = 0; i < PEOPLE; i++) {
            people.add(api.signUp("state"));
        }
        var acts = new RandomActs(api, people, new Random(seed));
        for (int i = 0; i < ACTS / 4; i++) {
            acts.next().call();
        }
        var known = new ArrayList<Known>();
        for (var person : people) {
            var cursor = cursor(person);
            known.add(new Known(
                    person, ClientState.fetch(person), ClientState.fetch(person), ClientState.fetch(person), cursor));
        }
        var cursors = new ArrayList<>(known.stream().map(Known::cursor).toList());
        var done = new TreeSet<String>();
        try (var threads = Executors.newFixedThreadPool(PEOPLE)) {
            for (int round = 0; round < 4; round++) {
                var some = new ArrayList<Callable<String>>();
                for (int i = 0; i < ACTS / 4; i++) {
                    some.add(acts.next());
                }
                for (var each : threads.invokeAll(some)) {
                    done.add(each.get());
                }
                for (int i = 0; i < PEOPLE; i++) {
                    cursors.set(i, follow(known.get(i).person, known.get(i).live, cursors.get(i)));
                }
            }
        }
        for (int i = 0; i < PEOPLE; i++) {
            var each = known.get(i);
            int number = i;
            // Marks are told within a second, others at once; nothing else moves here any more.
            Awaitility.await(each.person.username() + " is told")
                    .atMost(TOLD_MAX)
                    .untilAsserted(() -> {
                        cursors.set(number, follow(each.person, each.live, cursors.get(number)));
                        assertLines(each.person, each.live, "followed live");
                    });
            follow(each.person, each.exact, each.cursor);
            assertLines(each.person, each.exact, "replayed exactly");
            follow(each.person, each.rebuilt, withoutStream(each.cursor));
            assertLines(each.person, each.rebuilt, "rebuilt");
        }
        assertTrue(done.size() > 12, () -> "acts that succeeded at all: " + done);
    }

    private static void assertLines(Person person, ClientState state, String how) throws Exception {
        var fresh = ClientState.fetch(person).lines();
        var followed = state.lines();
        for (int i = 0; i < Math.min(fresh.size(), followed.size()); i++) {
            assertEquals(fresh.get(i), followed.get(i), how);
        }
        assertEquals(fresh.size(), followed.size(), how);
    }

    private String cursor(Person person) throws IOException, InterruptedException {
        return Api.json(api.poll("wait=0", person.token()).body())
                .get("last_event_id")
                .textValue();
    }

    /** The same place in a stream that Redis does not have any more. */
    private static String withoutStream(String cursor) {
        return cursor.substring(0, cursor.lastIndexOf('-')) + "-0";
    }

    /** Applies all that is told from {@code cursor} on; where it ends. */
    private String follow(Person person, ClientState state, String cursor) throws IOException, InterruptedException {
        String at = cursor;
        JsonNode page;
        do {
            var answer = api.poll("wait=0&limit=200&last_event_id=" + at, person.token());
            assertEquals(200, answer.statusCode(), answer.body());
            page = Api.json(answer.body());
            for (var event : page.get("items")) {
                assertTrue(!event.get("type").textValue().equals("stream.reset"), "a reset: " + event);
                state.apply(event);
            }
            at = page.get("last_event_id").textValue();
        } while (!page.get("items").isEmpty());
        return at;
    }
}
