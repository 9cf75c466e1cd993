package chat.parley.systemtests.badinput;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.SharedParley;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bodies, headers and addresses of the wrong size or form. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BodyTest {
    /** Nothing of a body beyond the limit needs to be read; some of it is under way in buffers. */
    private static final int CHUNKS_MAX = 1_000;

    private static final String CHUNK = "4000\r\n" + "a".repeat(0x4000) + "\r\n";

    /** "400 within 50 ms": the quickest of some tries, since other work shares the machine. */
    private static final Duration REFUSED_WITHIN = Duration.ofMillis(50);

    private static final int TRIES = 10;

    private final Api api = SharedParley.get().api();
    private Person ann = new Person(api, "", "", "");
    private String conversation = "";
    private String path = "";

    @BeforeAll
    void meet() throws Exception {
        ann = api.signUp("ann");
        conversation = ann.direct(api.signUp("bob"));
        path = "/v1/conversations/" + conversation + "/messages";
    }

    @AfterEach
    void nothing_was_stored() throws Exception {
        assertEquals(List.of(), ann.history(conversation));
    }

    @Test
    void a_body_over_the_limit_is_413() throws Exception {
        Problems.require(413, "body_too_large", post("{\"text\":\"" + "a".repeat(300_000) + "\"}"));
    }

    @Test
    void chunks_without_end_are_413_and_end_the_connection() throws Exception {
        try (var request = new RawRequest(api.sendApi())) {
            request.write("POST " + path + " HTTP/1.1\r\nHost: parley\r\nAuthorization: Bearer " + ann.token()
                    + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
            int written = 0;
            while (written < CHUNKS_MAX && !request.isAnswered() && request.write(CHUNK)) written++;
            assertTrue(written < CHUNKS_MAX, "16 MB were taken");
            assertEquals(413, request.status());
            request.awaitClosed();
        }
    }

    @Test
    void a_compressed_body_is_415_whatever_it_would_become() throws Exception {
        var answer = api.send(request("{}").header("Content-Encoding", "gzip"));
        Problems.require(415, "unsupported_media_type", answer);
    }

    @ParameterizedTest
    @MethodSource("servers")
    void headers_that_are_too_large_are_431(String server) throws Exception {
        try (var request = new RawRequest(URI.create(server))) {
            request.write("GET /livez HTTP/1.1\r\nHost: parley\r\nX-Large: " + "a".repeat(40_000) + "\r\n\r\n");
            assertEquals(431, request.status());
            request.awaitClosed();
        }
    }

    @ParameterizedTest
    @MethodSource("servers")
    void an_address_that_is_too_long_is_414(String server) throws Exception {
        try (var request = new RawRequest(URI.create(server))) {
            request.write("GET /" + "a".repeat(40_000) + " HTTP/1.1\r\nHost: parley\r\n\r\n");
            assertEquals(414, request.status());
            request.awaitClosed();
        }
    }

    List<String> servers() {
        return List.of(api.sendApi().toString(), api.stream().resolve("/").toString());
    }

    @ParameterizedTest
    @MethodSource("badJson")
    void json_beyond_the_limits_is_400(String body) throws Exception {
        Problems.require(400, "invalid_json", post(body));
    }

    static List<String> badJson() {
        return List.of(
                "",
                "[]",
                "null",
                "\"text\"",
                "{\"text\":\"a\"",
                "{\"text\":\"a\"} {}",
                "{\"text\":\"a\"},",
                "{\"text\":\"a\",\"text\":\"b\"}",
                "{\"text\":" + "[".repeat(1_000) + "]".repeat(1_000) + "}",
                "{\"text\":" + "{\"a\":".repeat(20_000),
                "{\"text\":1" + "0".repeat(100_000) + "}",
                "{\"text\":1e999999999999999999999999}",
                "{\"text\":NaN}",
                "{text:\"a\"}",
                "{'text':'a'}",
                "{\"text\":\"a\" /* comment */}",
                "{\"text\":\"raw\nline end\"}");
    }

    @Test
    void bytes_that_are_no_utf_8_are_400() throws Exception {
        var answer = api.send(HttpRequest.newBuilder(api.sendApi().resolve(path))
                .header("Authorization", "Bearer " + ann.token())
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(
                        new byte[] {'{', '"', 't', 'e', 'x', 't', '"', ':', '"', (byte) 0xc0, (byte) 0xaf, '"', '}'})));
        Problems.require(400, "invalid_json", answer);
    }

    @ParameterizedTest
    @MethodSource("badFields")
    void a_field_with_a_value_it_must_not_have_is_400_and_pointed_at(String body, String pointer) throws Exception {
        var answer = post(body);
        Problems.require(400, "invalid_field", answer);
        assertEquals(pointer, Api.json(answer.body()).at("/errors/0/pointer").asText(), answer.body());
    }

    static List<Arguments> badFields() {
        var text = "/text";
        var key = "/client_message_id";
        return Stream.of(
                        new String[] {"{\"client_message_id\":\"a\",\"text\":\"\\ud800\"}", text},
                        new String[] {"{\"client_message_id\":\"a\",\"text\":\"\\udc00\\ud800\"}", text},
                        new String[] {"{\"client_message_id\":\"a\",\"text\":\"a\\u0000b\"}", text},
                        new String[] {"{\"client_message_id\":\"a\",\"text\":\"\"}", text},
                        new String[] {"{\"client_message_id\":\"a\",\"text\":7}", text},
                        new String[] {"{\"client_message_id\":\"a\",\"text\":[\"a\"]}", text},
                        new String[] {"{\"client_message_id\":\"a\",\"text\":{\"a\":1}}", text},
                        new String[] {"{\"client_message_id\":\"a\",\"text\":true}", text},
                        new String[] {"{\"client_message_id\":\"a\",\"text\":null}", text},
                        new String[] {"{\"client_message_id\":\"a\",\"text\":\"" + "a".repeat(10_001) + "\"}", text},
                        new String[] {"{\"client_message_id\":7,\"text\":\"a\"}", key},
                        new String[] {"{\"client_message_id\":\"a\\r\\nid: forged\",\"text\":\"a\"}", key},
                        new String[] {"{\"client_message_id\":\"\",\"text\":\"a\"}", key},
                        new String[] {"{\"text\":\"a\"}", key},
                        new String[] {"{\"client_message_id\":\"" + "a".repeat(65) + "\",\"text\":\"a\"}", key})
                .map(pair -> Arguments.of(pair[0], pair[1]))
                .toList();
    }

    @Test
    void an_unknown_field_is_refused_and_pointed_at() throws Exception {
        var answer = post("{\"client_message_id\":\"a\",\"text\":\"a\",\"txet/~\":1}");
        Problems.require(400, "unknown_field", answer);
        assertEquals(
                "/txet~1~0", Api.json(answer.body()).at("/errors/0/pointer").asText());
    }

    @Test
    void a_wrong_method_is_405() throws Exception {
        Problems.require(405, "method_not_allowed", api.call("PUT", path, ann.token(), "{}"));
        Problems.require(405, "method_not_allowed", api.call("DELETE", "/v1/users", ann.token(), null));
    }

    @Test
    void bad_json_is_refused_within_50_milliseconds() throws Exception {
        for (var body : badJson()) {
            var quickest = Duration.ofHours(1);
            for (int i = 0; i < TRIES; i++) {
                long began = System.nanoTime();
                post(body);
                var took = Duration.ofNanos(System.nanoTime() - began);
                if (took.compareTo(quickest) < 0) quickest = took;
            }
            assertTrue(quickest.compareTo(REFUSED_WITHIN) < 0, "it took " + quickest);
        }
    }

    private HttpResponse<String> post(String body) throws Exception {
        return api.send(request(body));
    }

    private HttpRequest.Builder request(String body) {
        return HttpRequest.newBuilder(api.sendApi().resolve(path))
                .header("Authorization", "Bearer " + ann.token())
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body));
    }
}
