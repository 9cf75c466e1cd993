package chat.parley.systemtests.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.SharedParley;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device that goes into a pocket, over all processes: who says so to one, is let go by the other. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BackgroundTest {
    private static final Duration LET_GO_WITHIN = Duration.ofSeconds(5);

    @Test
    void its_stream_ends_soon_and_says_how_long_to_stay_away() throws Exception {
        var ann = SharedParley.get().api().signUp("ann");
        call(ann, "PUT", "/v1/devices/phone", "{\"vendor\":\"fcm\",\"token\":\"of-the-background-test\"}", 201);
        try (var client = HttpClient.newHttpClient();
                var lines = stream(client, ann)) {
            awaitLine(lines, "event: stream.caught_up");
            long from = System.nanoTime();
            call(ann, "POST", "/v1/devices/phone/state", "{\"state\":\"background\"}", 204);
            String retry = awaitLine(lines, "retry: ");
            assertTrue(Integer.parseInt(retry.substring(7)) >= 60_000, retry);
            assertEquals("", lines.readLine());
            assertNull(lines.readLine(), "and then nothing");
            var took = Duration.ofNanos(System.nanoTime() - from);
            assertTrue(took.compareTo(LET_GO_WITHIN) < 0, "it took " + took);
        }
    }

    private static BufferedReader stream(HttpClient client, Person person) throws Exception {
        var request = HttpRequest.newBuilder(person.api().stream())
                .header("Accept", "text/event-stream")
                .header("Authorization", "Bearer " + person.token())
                .build();
        var answer = client.send(request, BodyHandlers.ofInputStream());
        assertEquals(200, answer.statusCode());
        return new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
    }

    private static void call(Person person, String method, String path, String body, int status) throws Exception {
        var answer = person.api().call(method, path, person.token(), body);
        assertEquals(status, answer.statusCode(), answer.body());
    }

    private static String awaitLine(BufferedReader lines, String beginning) throws Exception {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith(beginning)) {
                return line;
            }
        }
        throw new AssertionError("the stream ended without " + beginning);
    }
}
