package chat.parley.systemtests.process;

import chat.parley.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Requests to the public addresses, as any client makes them. Safe for use by many threads. */
public final class Api {
    /** Later than the deadline within which the services promise an answer, also when a store is away. */
    private static final Duration ANSWER_MAX = Duration.ofSeconds(12);

    private static final Duration CONNECT_MAX = Duration.ofSeconds(2);
    private static final String PASSWORD = "correct horse battery";
    private static final AtomicInteger NAMES = new AtomicInteger();

    private final HttpClient http;
    private final URI sendApi;
    private final URI stream;

    Api(URI sendApi, URI stream) {
        this(HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1), sendApi, stream);
    }

    /** Requests of a client that speaks as {@code client} says. */
    public Api(HttpClient.Builder client, URI sendApi, URI stream) {
        this.http = client.connectTimeout(CONNECT_MAX).build();
        this.sendApi = sendApi;
        this.stream = stream;
    }

    /** An empty JSON object to fill. */
    public static ObjectNode object() {
        return Json.MAPPER.createObjectNode();
    }

    /** The JSON of an answer. */
    public static JsonNode json(String text) throws IOException {
        return Json.MAPPER.readTree(text);
    }

    /** Where requests go. */
    public URI sendApi() {
        return sendApi;
    }

    /** The receive address. */
    public URI stream() {
        return stream.resolve("/v1/stream");
    }

    /** Makes a new person. */
    public Person signUp(String name) throws IOException, InterruptedException {
        // Unlike any other name of this JVM, and short enough for the bounds of usernames.
        var username = name + NAMES.incrementAndGet();
        var body = object().put("username", username).put("password", PASSWORD).put("display_name", name);
        var answer = call("POST", "/v1/users", null, body.toString());
        require(answer, 201);
        var json = json(answer.body());
        return new Person(
                this,
                json.at("/user/id").asText(),
                username,
                json.at("/session/access_token").asText());
    }

    /** One request to send-api. */
    public HttpResponse<String> call(String method, String path, @Nullable String token, @Nullable String body)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(sendApi.resolve(path)).timeout(ANSWER_MAX);
        request.method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (body != null) request.header("Content-Type", "application/json");
        if (token != null) request.header("Authorization", "Bearer " + token);
        return send(request);
    }

    /** Any request. */
    public HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), BodyHandlers.ofString());
    }

    /** One page of the long-poll. */
    public HttpResponse<String> poll(String query, String token) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(stream() + "?" + query))
                .header("Accept", "application/json")
                .header("Authorization", "Bearer " + token));
    }

    /** Opens the stream; close what is answered. */
    HttpResponse<InputStream> openStream(String token, String lastEventId) throws IOException, InterruptedException {
        return openStream(stream(), token, lastEventId);
    }

    /** The same at an address with a query. */
    public HttpResponse<InputStream> openStream(URI address, String token, String lastEventId)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(address)
                .header("Accept", "text/event-stream")
                .header("Authorization", "Bearer " + token);
        if (!lastEventId.isEmpty()) request.header("Last-Event-ID", lastEventId);
        return http.send(request.build(), BodyHandlers.ofInputStream());
    }

    static void require(HttpResponse<String> answer, int status) {
        if (answer.statusCode() != status) {
            throw new AssertionError(
                    answer.request().method() + " " + answer.request().uri().getPath() + " was answered "
                            + answer.statusCode() + " instead of " + status + ": " + answer.body());
        }
    }
}
