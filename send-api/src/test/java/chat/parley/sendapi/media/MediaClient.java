package chat.parley.sendapi.media;

import chat.parley.json.Json;
import chat.parley.json.JsonText;
import chat.parley.sendapi.RunningSendApi;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** A client of media that looks at bytes. */
final class MediaClient {
    private static final AtomicInteger NAMES = new AtomicInteger();

    private final RunningSendApi api;
    private final HttpClient http = HttpClient.newHttpClient();

    MediaClient(RunningSendApi api) {
        this.api = api;
    }

    /** Someone who signed up. */
    record Person(String id, String token) {}

    /** What came back. */
    record Answer(HttpResponse<byte[]> response) {
        int statusCode() {
            return response.statusCode();
        }

        byte[] body() {
            return response.body();
        }

        String text() {
            return new String(response.body(), StandardCharsets.UTF_8);
        }

        JsonNode json() throws IOException {
            return Json.MAPPER.readTree(response.body());
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }
    }

    Person signUp() throws Exception {
        int number = NAMES.incrementAndGet();
        byte[] body = JsonText.bytes(json -> {
            json.writeStartObject();
            json.writeStringField("username", "media-person-" + number);
            json.writeStringField("password", "correct horse");
            json.writeStringField("display_name", "Person " + number);
            json.writeEndObject();
        });
        var request = HttpRequest.newBuilder(api.uri("/v1/users"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(body));
        var answer = Json.MAPPER.readTree(api.send(request).body());
        return new Person(
                answer.at("/user/id").textValue(),
                answer.at("/session/access_token").textValue());
    }

    Answer post(Person person, String query, byte[] bytes, String... headers) throws Exception {
        var request = request(person, "/v1/media" + query, headers).POST(BodyPublishers.ofByteArray(bytes));
        return send(request);
    }

    Answer get(Person person, String path, String... headers) throws Exception {
        return send(request(person, "/v1/media/" + path, headers));
    }

    Answer head(Person person, String path, String... headers) throws Exception {
        return send(request(person, "/v1/media/" + path, headers).HEAD());
    }

    /** Some other call, with JSON. */
    Answer call(Person person, String method, String path, String json) throws Exception {
        return send(request(person, path, "Content-Type", "application/json")
                .method(method, BodyPublishers.ofString(json)));
    }

    static String text(URI address) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    private HttpRequest.Builder request(Person person, String path, String... headers) {
        var request = HttpRequest.newBuilder(api.uri(path)).header("Authorization", "Bearer " + person.token);
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return request;
    }

    private Answer send(HttpRequest.Builder request) throws Exception {
        return new Answer(http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray()));
    }
}
