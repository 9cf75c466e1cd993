package chat.parley.systemtests.groups;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.json.Json;
import chat.parley.ops.Health;
import chat.parley.ops.Meters;
import chat.parley.sendapi.SendApi;
import chat.parley.sendapi.SendApiSettings;
import chat.parley.stream.StreamServer;
import chat.parley.stream.StreamService;
import chat.parley.stream.StreamSettings;
import chat.parley.testkit.RealPostgres;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A send-api and stream nodes over the servers of this JVM, with groups that are large early, and people who use them by HTTP. */
final class GroupWorld implements AutoCloseable {
    private static final AtomicInteger NAMES = new AtomicInteger();

    private final RealPostgres postgres;
    private final String redis;
    private final Map<String, String> settings;
    private final SendApi api;
    private final List<Node> nodes = new ArrayList<>();
    final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /**
     * @param redis as the setting names it
     * @param largeAbove with more members a group is large
     */
    GroupWorld(RealPostgres postgres, String redis, int largeAbove) {
        this(postgres, redis, largeAbove, Map.of());
    }

    /** @param settings of both services, before those of this class */
    GroupWorld(RealPostgres postgres, String redis, int largeAbove, Map<String, String> settings) {
        this.postgres = postgres;
        this.redis = redis;
        this.settings = settings;
        var environment = environment();
        environment.put("PARLEY_LARGE_GROUP", Integer.toString(largeAbove));
        environment.put("PARLEY_LIMIT_SENDS", "100000");
        api = SendApi.start(SendApiSettings.from(environment), null);
    }

    /** A stream node. */
    static final class Node implements AutoCloseable {
        final Meters meters = new Meters();
        private final StreamService service;
        private final StreamServer server;

        Node(StreamSettings settings) throws Exception {
            var health = new Health();
            service = StreamService.open(settings, meters.registry(), health);
            server = StreamServer.start(settings.server(), service, meters, health);
        }

        URI uri() {
            return URI.create("http://127.0.0.1:" + server.port() + "/v1/stream");
        }

        double groups() {
            return meters.registry().get("parley.stream.groups").gauge().value();
        }

        @Override
        public void close() throws Exception {
            server.close();
            service.close();
            meters.close();
        }
    }

    private Map<String, String> environment() {
        var environment = new HashMap<String, String>();
        environment.put("PARLEY_PORT", "0");
        environment.put("PARLEY_POSTGRES_URL", postgres.jdbcUrl());
        environment.put("PARLEY_POSTGRES_USER", postgres.user());
        environment.put("PARLEY_POSTGRES_PASSWORD", postgres.password());
        environment.put("PARLEY_REDIS_URL", redis);
        environment.put("PARLEY_CONNECTIONS", "8");
        environment.putAll(settings);
        return environment;
    }

    Node node() throws Exception {
        var node = new Node(StreamSettings.from(environment()));
        nodes.add(node);
        return node;
    }

    /** Somebody with a token. */
    final class Person {
        final String id;
        final String token;

        private Person(String id, String token) {
            this.id = id;
            this.token = token;
        }

        /** A group with these members, of which this one is the owner. */
        String group(Person... others) throws IOException, InterruptedException {
            return call(
                            "POST",
                            "/v1/conversations",
                            Map.of("type", "group", "name", "many", "member_ids", ids(others)),
                            201)
                    .at("/id")
                    .asText();
        }

        void add(String group, Person... others) throws IOException, InterruptedException {
            call("POST", "/v1/conversations/" + group + "/members", Map.of("user_ids", ids(others)), 200);
        }

        void remove(String group, Person other) throws IOException, InterruptedException {
            call("DELETE", "/v1/conversations/" + group + "/members/" + other.id, null, 204);
        }

        /** Sends, and answers the seq. */
        long say(String group, String text) throws IOException, InterruptedException {
            return say(group, text, Map.of());
        }

        long say(String group, String text, Map<String, Object> more) throws IOException, InterruptedException {
            var body = new HashMap<String, Object>(more);
            body.put("text", text);
            body.put("client_message_id", "c" + NAMES.incrementAndGet());
            return call("POST", "/v1/conversations/" + group + "/messages", body, 201)
                    .at("/seq")
                    .asLong();
        }

        void cannotSay(String group, int status) throws IOException, InterruptedException {
            var body = Map.of("text", "no", "client_message_id", "c" + NAMES.incrementAndGet());
            call("POST", "/v1/conversations/" + group + "/messages", body, status);
        }

        JsonNode get(String path) throws IOException, InterruptedException {
            return call("GET", path, null, 200);
        }

        JsonNode call(String method, String path, @Nullable Object body, int status)
                throws IOException, InterruptedException {
            return GroupWorld.this.call(this, method, path, body, status);
        }

        void rename(String group, String name) throws IOException, InterruptedException {
            call("PATCH", "/v1/conversations/" + group, Map.of("name", name), 200);
        }

        void delete(String group) throws IOException, InterruptedException {
            call("DELETE", "/v1/conversations/" + group, null, 204);
        }

        JsonNode edit(String group, long seq, String text) throws IOException, InterruptedException {
            return call("PATCH", "/v1/conversations/" + group + "/messages/" + seq, Map.of("text", text), 200);
        }

        /** A stream that resumes after {@code lastEventId}; null: a new one. Returns when it is live. */
        Listening listen(Node node, @Nullable String lastEventId) throws Exception {
            return listen(node, lastEventId, "");
        }

        Listening listen(Node node, @Nullable String lastEventId, String query) throws Exception {
            var request = HttpRequest.newBuilder(URI.create(node.uri() + query))
                    .header("Accept", "text/event-stream")
                    .header("Authorization", "Bearer " + token);
            if (lastEventId != null) {
                request.header("Last-Event-ID", lastEventId);
            }
            var answer = http.send(request.build(), BodyHandlers.ofInputStream());
            if (answer.statusCode() != 200) {
                throw new AssertionError("no stream: " + answer.statusCode());
            }
            var listening = new Listening(answer.body());
            listening.await("stream.caught_up");
            return listening;
        }

        JsonNode poll(Node node, @Nullable String lastEventId, int wait) throws IOException, InterruptedException {
            return poll(node, lastEventId, "wait=" + wait);
        }

        JsonNode poll(Node node, @Nullable String lastEventId, String how) throws IOException, InterruptedException {
            var query = "?" + how + (lastEventId == null ? "" : "&last_event_id=" + lastEventId);
            var request = HttpRequest.newBuilder(URI.create(node.uri() + query))
                    .header("Accept", "application/json")
                    .header("Authorization", "Bearer " + token);
            var answer = http.send(request.build(), BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new AssertionError(answer.statusCode() + ": " + answer.body());
            }
            return Json.MAPPER.readTree(answer.body());
        }
    }

    Person person() throws IOException, InterruptedException {
        var name = "g" + NAMES.incrementAndGet();
        var body = Map.of("username", name + "x", "password", "correct horse battery", "display_name", name);
        var made = call(null, "POST", "/v1/users", body, 201);
        return new Person(
                made.at("/user/id").asText(), made.at("/session/access_token").asText());
    }

    /** Somebody of another world over the same database. */
    Person again(Person person) {
        return new Person(person.id, person.token);
    }

    private static List<String> ids(Person... people) {
        return List.of(people).stream().map(person -> person.id).toList();
    }

    private JsonNode call(@Nullable Person caller, String method, String path, @Nullable Object body, int status)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.port() + path));
        request.method(
                method,
                body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(Json.MAPPER.writeValueAsString(body)));
        request.header("Content-Type", "application/json");
        if (caller != null) {
            request.header("Authorization", "Bearer " + caller.token);
        }
        var answer = http.send(request.build(), BodyHandlers.ofString());
        if (answer.statusCode() != status) {
            throw new AssertionError(method + " " + path + ": " + answer.statusCode() + " " + answer.body());
        }
        return Json.MAPPER.readTree(answer.body());
    }

    /** Changes the database behind everyone's back. */
    void sql(String statement) throws SQLException {
        try (var connection = postgres.dataSource().getConnection();
                var work = connection.createStatement()) {
            work.execute(statement);
        }
    }

    /** The first message that this member may see. */
    long joinedSeq(String group, Person member) throws SQLException {
        return ofMember("joined_seq", group, member);
    }

    /** The last message that this former member may see. */
    long leftSeq(String group, Person member) throws SQLException {
        return ofMember("left_seq", group, member);
    }

    private long ofMember(String column, String group, Person member) throws SQLException {
        return number("SELECT " + column + " FROM member WHERE conversation_id = "
                + ConversationId.parse(group).value() + " AND user_id = "
                + UserId.parse(member.id).value());
    }

    /** One number out of the database. */
    long number(String query) throws SQLException {
        try (var connection = postgres.dataSource().getConnection();
                var work = connection.createStatement();
                var rows = work.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    @Override
    public void close() throws Exception {
        for (var node : nodes) {
            node.close();
        }
        api.close();
        http.close();
    }
}
