package chat.parley.systemtests.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.SharedParley;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The README's lines, read from the README. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class CurlTest {
    private String send = "";
    private String receive = "";
    private Person ann = new Person(SharedParley.get().api(), "", "", "");
    private Person bob = ann;
    private String conversation = "";

    @BeforeEach
    void meet() throws Exception {
        var lines = Curl.readmeLines();
        assertEquals(2, lines.size(), "the README shows one line to send and one to receive");
        send = lines.get(0);
        receive = lines.get(1);
        var api = SharedParley.get().api();
        ann = api.signUp("ann");
        bob = api.signUp("bob");
        conversation = ann.direct(bob);
    }

    @Test
    void the_two_lines_of_the_readme_send_and_receive_a_message() throws Exception {
        try (var stream = Curl.run(receive, bob, conversation)) {
            stream.await(seen -> seen.contains("event: stream.caught_up\n"));
            try (var sending = Curl.run(send, ann, conversation)) {
                var sent = Api.json(sending.finish());
                assertEquals("Hello", sent.get("text").asText());
                assertEquals(1, sent.get("seq").asLong());
            }
            var seen = stream.await(text -> text.contains("\"text\":\"Hello\"") && text.endsWith("\n\n"));
            assertTrue(seen.contains("event: message.created\n"), seen);
        }
    }

    @Test
    void curl_that_was_cut_off_resumes_with_the_last_id_it_saw() throws Exception {
        String lastId;
        try (var stream = Curl.run(receive, bob, conversation)) {
            stream.await(seen -> seen.contains("event: stream.caught_up\n"));
            ann.send(conversation, "1", "before the cut");
            lastId = lastId(stream.await(seen -> seen.contains("before the cut") && seen.endsWith("\n\n")));
        }
        ann.send(conversation, "2", "during the cut");
        try (var stream = Curl.run(receive + " -H 'Last-Event-ID: " + lastId + "'", bob, conversation)) {
            var seen = stream.await(text -> text.contains("event: stream.caught_up\n"));
            assertTrue(seen.contains("\"resumed\":\"exact\""), seen);
            assertTrue(seen.contains("during the cut"), seen);
            assertFalse(seen.contains("before the cut"), seen);
        }
    }

    @Test
    void curl_long_polls_the_same_address() throws Exception {
        var poll = receive.replace("text/event-stream", "application/json");
        String cursor;
        try (var first = Curl.run(withQuery(poll, "wait=0"), bob, conversation)) {
            var page = Api.json(first.finish());
            cursor = page.path("last_event_id").asText();
            assertFalse(cursor.isEmpty(), page::toString);
        }
        try (var waiting = Curl.run(withQuery(poll, "wait=20&last_event_id=" + cursor), bob, conversation)) {
            ann.send(conversation, "1", "worth the wait");
            var page = Api.json(waiting.finish());
            assertEquals("worth the wait", page.at("/items/0/data/text").asText(), page.toString());
            assertFalse(page.get("last_event_id").asText().equals(cursor));
        }
    }

    private static String withQuery(String line, String query) {
        return line.replace("localhost:8080/v1/stream", "localhost:8080/v1/stream\"?" + query + "\"");
    }

    private static String lastId(String stream) {
        return stream.lines()
                .filter(line -> line.startsWith("id: "))
                .reduce((earlier, later) -> later)
                .orElseThrow()
                .substring("id: ".length());
    }
}
