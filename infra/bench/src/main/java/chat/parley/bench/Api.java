package chat.parley.bench;

import chat.parley.json.Json;
import chat.parley.push.PushTarget.WebPush;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/** The calls that prepare a measurement; nothing of this is measured. Safe for use by many threads. */
final class Api {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** People whom one request may name. */
    private static final int NAMED_MAX = 1_000;

    private final HttpClient http;
    private final String address;

    Api(HttpClient http, int port) {
        this.http = http;
        this.address = "http://127.0.0.1:" + port;
    }

    /** Whose token this is; makes the user where it is new. */
    Person me(String token) throws IOException, InterruptedException {
        var answer = call(request(token, "/v1/users/me").GET());
        return new Person(answer.required("id").asText(), token);
    }

    /** The id of the direct conversation of the two. */
    String direct(Person one, Person other) throws IOException, InterruptedException {
        var body = Json.MAPPER.createObjectNode().put("type", "direct").put("user_id", other.id());
        return post(one, "/v1/conversations", body).required("id").asText();
    }

    /** The id of a new group of all of {@code members}, which the first of them owns. */
    String group(List<Person> members) throws IOException, InterruptedException {
        int first = Math.min(NAMED_MAX, members.size());
        var body = Json.MAPPER.createObjectNode().put("type", "group").put("name", "Bench");
        var ids = body.putArray("member_ids");
        members.subList(1, first).stream().map(Person::id).forEach(ids::add);
        var id = post(members.getFirst(), "/v1/conversations", body)
                .required("id")
                .asText();
        for (int from = first; from < members.size(); from += NAMED_MAX) {
            add(members.getFirst(), id, members.subList(from, Math.min(from + NAMED_MAX, members.size())));
        }
        return id;
    }

    private void add(Person owner, String conversationId, List<Person> others)
            throws IOException, InterruptedException {
        var body = Json.MAPPER.createObjectNode();
        var ids = body.putArray("user_ids");
        others.stream().map(Person::id).forEach(ids::add);
        post(owner, "/v1/conversations/" + conversationId + "/members", body);
    }

    /** Sends one message with the stamp of now. */
    void send(Person sender, String conversationId) throws IOException, InterruptedException {
        send(sender, conversationId, System.nanoTime());
    }

    /** Sends one message that was due at {@code stampNanos}. */
    void send(Person sender, String conversationId, long stampNanos) throws IOException, InterruptedException {
        var body = Json.MAPPER
                .createObjectNode()
                .put("client_message_id", UUID.randomUUID().toString())
                .put("type", "text")
                .put("text", Stamp.text(stampNanos));
        post(sender, "/v1/conversations/" + conversationId + "/messages", body);
    }

    /** Registers {@code subscription} as the one browser of {@code owner}, who does not look at it. */
    void register(Person owner, WebPush subscription) throws IOException, InterruptedException {
        var body = Json.MAPPER
                .createObjectNode()
                .put("vendor", "web_push")
                .put("locale", "en")
                .put("state", "background");
        var keys = body.putObject("subscription")
                .put("endpoint", subscription.endpoint().toString())
                .putObject("keys");
        keys.put("p256dh", subscription.p256dh()).put("auth", subscription.auth());
        call(request(owner.token(), "/v1/devices/bench")
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(body.toString())));
    }

    /** The page of a list, as it came. */
    byte[] list(Person reader, int limit) throws IOException, InterruptedException {
        return get(reader, "/v1/conversations?limit=" + limit);
    }

    /** The page of a history that ends before {@code seq}, as it came. */
    byte[] history(Person reader, String conversationId, long seq, int limit) throws IOException, InterruptedException {
        return get(reader, "/v1/conversations/" + conversationId + "/messages?before=" + seq + "&limit=" + limit);
    }

    private byte[] get(Person reader, String path) throws IOException, InterruptedException {
        var answer = http.send(request(reader.token(), path).build(), HttpResponse.BodyHandlers.ofByteArray());
        if (answer.statusCode() != 200) throw new BenchException("GET " + path + ": " + answer.statusCode());
        return answer.body();
    }

    private JsonNode post(Person caller, String path, JsonNode body) throws IOException, InterruptedException {
        return call(request(caller.token(), path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
    }

    private HttpRequest.Builder request(String token, String path) {
        return HttpRequest.newBuilder(URI.create(address + path))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + token);
    }

    private JsonNode call(HttpRequest.Builder builder) throws IOException, InterruptedException {
        var request = builder.build();
        var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() / 100 != 2) {
            throw new BenchException(request.method() + " " + request.uri().getPath() + " was answered by "
                    + answer.statusCode() + " " + answer.body());
        }
        return Json.MAPPER.readTree(answer.body());
    }
}
