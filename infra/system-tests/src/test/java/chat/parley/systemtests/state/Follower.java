package chat.parley.systemtests.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import org.awaitility.Awaitility;

/** One person's client, three times: each fetched everything at the same moment, and follows from there in its own way. */
final class Follower {
    /** Later than the relay tells what a crash left untold. */
    private static final Duration TOLD_MAX = Duration.ofSeconds(60);

    private final Person person;
    private final ClientState live;
    private final ClientState exact;
    private final ClientState rebuilt;
    private final String from;
    private String at;

    private Follower(Person person, String from) throws IOException, InterruptedException {
        this.person = person;
        this.from = from;
        this.at = from;
        this.live = ClientState.fetch(person);
        this.exact = ClientState.fetch(person);
        this.rebuilt = ClientState.fetch(person);
    }

    /** First the cursor, then the state: what happens in between is told twice and does no harm. */
    static Follower of(Person person) throws IOException, InterruptedException {
        var poll = person.api().poll("wait=0", person.token());
        return new Follower(person, Api.json(poll.body()).get("last_event_id").textValue());
    }

    /** Applies what came since the last time. */
    void followLive() throws IOException, InterruptedException {
        at = follow(live, at);
    }

    /** Marks are told within a second, what a crash left untold some seconds later, and nothing else moves any more. */
    void assertAllEqualAFreshFetch() throws IOException, InterruptedException {
        Awaitility.await(person.username() + " is told").atMost(TOLD_MAX).untilAsserted(() -> {
            followLive();
            assertEqualsAFreshFetch(live, "followed live");
        });
        follow(exact, from);
        assertEqualsAFreshFetch(exact, "replayed from the stream");
        // The same place in a stream that Redis does not have any more.
        follow(rebuilt, from.substring(0, from.lastIndexOf('-')) + "-0");
        assertEqualsAFreshFetch(rebuilt, "rebuilt");
    }

    private void assertEqualsAFreshFetch(ClientState state, String how) throws IOException, InterruptedException {
        var fresh = ClientState.fetch(person).lines();
        var followed = state.lines();
        for (int i = 0; i < Math.min(fresh.size(), followed.size()); i++) {
            assertEquals(fresh.get(i), followed.get(i), how);
        }
        assertEquals(fresh.size(), followed.size(), how);
    }

    /** Applies all that is told from {@code cursor} on; where it ends. */
    private String follow(ClientState state, String cursor) throws IOException, InterruptedException {
        String position = cursor;
        JsonNode page;
        do {
            var answer = person.api().poll("wait=0&limit=200&last_event_id=" + position, person.token());
            assertEquals(200, answer.statusCode(), answer.body());
            page = Api.json(answer.body());
            for (var event : page.get("items")) {
                assertNotEquals("stream.reset", event.get("type").textValue());
                state.apply(event);
            }
            position = page.get("last_event_id").textValue();
        } while (!page.get("items").isEmpty());
        return position;
    }
}
