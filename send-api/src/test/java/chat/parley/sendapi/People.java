package chat.parley.sendapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.json.Json;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** People who signed up, what they ask for over HTTP, and what they are told. */
public final class People {
    private static final AtomicInteger NAMES = new AtomicInteger();

    private final RunningSendApi api;

    /** They talk to this one. */
    public People(RunningSendApi api) {
        this.api = api;
    }

    /** Someone. */
    public record Person(RunningSendApi api, String id, String token) {
        /** Someone new. */
        public static Person signUp(RunningSendApi api) throws Exception {
            return new People(api).signUp();
        }

        /** One request; {@code body} is JSON, null for none. */
        public HttpResponse<String> ask(String method, String path, @Nullable String body) throws Exception {
            return new People(api).send(method, this, path, body);
        }

        /** The id of the conversation with {@code other}. */
        public String directWith(Person other) throws Exception {
            return id(new People(api).direct(this, other));
        }

        /** The id of a new group of this owner and others. */
        public String groupWith(Person... others) throws Exception {
            return id(new People(api).group(this, others));
        }

        private static String id(String path) {
            return path.substring(path.lastIndexOf('/') + 1);
        }
    }

    /** Someone new. */
    public Person signUp() throws Exception {
        String name = "someone" + NAMES.incrementAndGet();
        var made = json(send(
                "POST",
                null,
                "/v1/users",
                "{\"username\":\"" + name + "\",\"password\":\"correct horse\",\"display_name\":\"Someone\"}",
                null));
        return new Person(
                api,
                made.at("/user/id").textValue(),
                made.at("/session/access_token").textValue());
    }

    /** Several new ones. */
    public List<Person> signUp(int count) throws Exception {
        var people = new ArrayList<Person>();
        for (int i = 0; i < count; i++) {
            people.add(signUp());
        }
        return people;
    }

    /** The path of a new conversation of {@code type} with these fields, JSON without braces. */
    public String make(Person owner, String type, String fields, Person... members) throws Exception {
        var ids = new ArrayList<String>();
        for (var member : members) {
            ids.add('"' + member.id() + '"');
        }
        String body = "{\"type\":\"" + type + "\"," + fields + ",\"member_ids\":[" + String.join(",", ids) + "]}";
        return "/v1/conversations/" + id(post(owner, "/v1/conversations", body));
    }

    /** The path of a new group. */
    public String group(Person owner, Person... members) throws Exception {
        return make(owner, "group", "\"name\":\"Group\"", members);
    }

    /** The path of the conversation of two. */
    public String direct(Person one, Person other) throws Exception {
        String body = "{\"type\":\"direct\",\"user_id\":\"" + other.id() + "\"}";
        return "/v1/conversations/" + id(post(one, "/v1/conversations", body));
    }

    /** Sends a text to the conversation of {@code path}. */
    public HttpResponse<String> say(Person who, String path, String text) throws Exception {
        return post(
                who,
                path + "/messages",
                "{\"client_message_id\":\"" + NAMES.incrementAndGet() + "\",\"text\":\"" + text + "\"}");
    }

    /** Gives someone a role. */
    public void appoint(Person owner, String path, Person member, String role) throws Exception {
        assertEquals(
                200,
                send("PATCH", owner, path + "/members/" + member.id(), "{\"role\":\"" + role + "\"}")
                        .statusCode());
    }

    public HttpResponse<String> get(Person who, String path) throws Exception {
        return send("GET", who, path, null);
    }

    public HttpResponse<String> put(Person who, String path) throws Exception {
        return send("PUT", who, path, null);
    }

    public HttpResponse<String> delete(Person who, String path) throws Exception {
        return send("DELETE", who, path, null);
    }

    public HttpResponse<String> post(Person who, String path, @Nullable String body) throws Exception {
        return send("POST", who, path, body);
    }

    public HttpResponse<String> patch(Person who, String path, String body) throws Exception {
        return send("PATCH", who, path, body);
    }

    public HttpResponse<String> send(String method, Person who, String path, @Nullable String body) throws Exception {
        return send(method, who, path, body, null);
    }

    /** Any request. */
    public HttpResponse<String> send(
            String method, @Nullable Person who, String path, @Nullable String body, @Nullable String key)
            throws Exception {
        var request = HttpRequest.newBuilder(api.uri(path))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        if (who != null) {
            request.header("Authorization", "Bearer " + who.token());
        }
        if (key != null) {
            request.header("Idempotency-Key", key);
        }
        return api.send(request);
    }

    /** Runs all of {@code tasks} at once; their results in order. */
    public static <T> List<T> atOnce(List<Callable<T>> tasks) throws Exception {
        var start = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = new ArrayList<Future<T>>();
            for (var task : tasks) {
                running.add(threads.submit(() -> {
                    start.await();
                    return task.call();
                }));
            }
            start.countDown();
            var results = new ArrayList<T>();
            for (var each : running) {
                results.add(each.get());
            }
            return results;
        }
    }

    /** What {@code who} was told of the conversation of {@code path}, oldest first: the envelopes. */
    public static List<JsonNode> told(RealRedis redis, Person who, String path) throws IOException {
        String conversation = path.substring(path.lastIndexOf('/') + 1);
        var events = new ArrayList<JsonNode>();
        try (var jedis = redis.jedis()) {
            for (var entry : jedis.xrange("s:{" + who.id() + "}", "-", "+")) {
                String value = Objects.requireNonNull(entry.getFields().get("e"));
                var event = Json.MAPPER.readTree(value.substring(value.indexOf('\n') + 1));
                if (event.at("/conversation_id").asText().equals(conversation)) {
                    events.add(event);
                }
            }
        }
        return events;
    }

    /** The types of {@link #told}. */
    public static List<String> typesTold(RealRedis redis, Person who, String path) throws IOException {
        return told(redis, who, path).stream()
                .map(event -> event.at("/type").textValue())
                .toList();
    }

    /** The answer of a success. */
    public static JsonNode json(HttpResponse<String> answer) throws IOException {
        assertTrue(answer.statusCode() < 300, answer.body());
        return Json.MAPPER.readTree(answer.body());
    }

    public static String id(HttpResponse<String> answer) throws IOException {
        return json(answer).at("/id").textValue();
    }

    /** The answer of a refusal. */
    public static JsonNode problem(HttpResponse<String> answer) throws IOException {
        assertTrue(answer.statusCode() >= 400, answer.body());
        return Json.MAPPER.readTree(answer.body());
    }

    /** The code of a problem. */
    public static String code(HttpResponse<String> answer) throws IOException {
        return Json.MAPPER.readTree(answer.body()).path("code").asText(answer.body());
    }

    /** The first field at fault and what is wrong with it. */
    public static String refusal(HttpResponse<String> answer) throws IOException {
        assertEquals(400, answer.statusCode(), answer.body());
        var error = Json.MAPPER.readTree(answer.body()).at("/errors/0");
        return error.at("/pointer").textValue() + " " + error.at("/code").textValue();
    }

    /** One field of each of {@code items}, as text. */
    public static List<String> texts(JsonNode items, String field) {
        return StreamSupport.stream(items.spliterator(), false)
                .map(item -> item.at("/" + field).asText())
                .toList();
    }
}
