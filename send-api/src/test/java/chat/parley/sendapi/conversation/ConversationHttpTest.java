package chat.parley.sendapi.conversation;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.json.Json;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConversationHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final String UNKNOWN_ID = "0000000000009";

    private RunningSendApi api;
    private Person ann;
    private Person bob;
    private Person carol;
    private Person eve;

    private record Person(String id, String token) {}

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        ann = signUp("ann");
        bob = signUp("bob");
        carol = signUp("carol");
        eve = signUp("eve");
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void a_direct_conversation_is_made_once_for_a_pair() throws Exception {
        var made = post(ann, "/v1/conversations", direct(carol), null);
        assertEquals(201, made.statusCode(), made.body());
        var conversation = json(made);
        assertEquals("direct", conversation.at("/type").textValue());
        assertFalse(conversation.has("name"));
        assertEquals(2, conversation.at("/member_count").intValue());
        assertEquals("member", conversation.at("/me/role").textValue());

        var again = post(carol, "/v1/conversations", direct(ann), null);
        assertEquals(200, again.statusCode());
        assertEquals(id(made), id(again));
    }

    @Test
    void a_conversation_with_oneself_with_nobody_or_of_no_kind_is_refused() throws Exception {
        assertEquals("/user_id yourself", refusal(post(ann, "/v1/conversations", direct(ann), null)));
        assertEquals(
                "/user_id unknown_user",
                refusal(post(
                        ann, "/v1/conversations", "{\"type\":\"direct\",\"user_id\":\"" + UNKNOWN_ID + "\"}", null)));
        assertEquals(
                "/type not_a_type", refusal(post(ann, "/v1/conversations", "{\"type\":\"x\",\"name\":\"n\"}", null)));
        assertEquals("/type required", refusal(post(ann, "/v1/conversations", "{}", null)));
        assertEquals(
                "/name control_character",
                refusal(post(ann, "/v1/conversations", "{\"type\":\"group\",\"name\":\"a\\nb\"}", null)));
        assertEquals(
                "/member_ids/1 unknown_user",
                refusal(post(ann, "/v1/conversations", group("g", bob.id(), UNKNOWN_ID), null)));
        assertEquals(
                "/color unknown_field",
                refusal(post(ann, "/v1/conversations", "{\"type\":\"group\",\"name\":\"n\",\"color\":\"t\"}", null)));
    }

    @Test
    void a_group_lives_through_names_members_and_roles() throws Exception {
        var made = post(ann, "/v1/conversations", group("First", bob.id()), null);
        assertEquals(201, made.statusCode(), made.body());
        assertEquals("owner", json(made).at("/me/role").textValue());
        String path = "/v1/conversations/" + id(made);

        var renamed = send("PATCH", ann, path, "{\"name\":\"Second\"}", null);
        assertEquals("Second", json(renamed).at("/name").textValue());
        assertEquals("forbidden", code(send("PATCH", bob, path, "{\"name\":\"Mine\"}", null)));

        var added = post(ann, path + "/members", "{\"user_ids\":[\"" + carol.id() + "\"]}", null);
        assertEquals(200, added.statusCode(), added.body());
        assertEquals(List.of(carol.id()), texts(json(added).at("/items"), "user_id"));
        assertEquals("forbidden", code(send("DELETE", bob, path + "/members/" + carol.id(), null, null)));
        var promoted = send("PATCH", ann, path + "/members/" + bob.id(), "{\"role\":\"admin\"}", null);
        assertEquals("admin", json(promoted).at("/role").textValue());
        assertEquals(
                204,
                send("DELETE", bob, path + "/members/" + carol.id(), null, null).statusCode());
        assertEquals("last_owner", code(send("PATCH", ann, path + "/members/me", "{\"role\":\"member\"}", null)));
        assertEquals(204, send("DELETE", ann, path + "/members/me", null, null).statusCode());
        assertEquals("owner", json(get(bob, path)).at("/me/role").textValue());
        assertEquals("not_found", code(get(ann, path)));
    }

    @Test
    void strangers_get_the_answer_of_what_does_not_exist() throws Exception {
        String group = id(post(ann, "/v1/conversations", group("Private", bob.id()), null));
        for (String conversation : List.of(group, UNKNOWN_ID, "nonsense")) {
            String path = "/v1/conversations/" + conversation;
            var answers = new ArrayList<HttpResponse<String>>();
            answers.add(get(eve, path));
            answers.add(get(eve, path + "/members"));
            answers.add(send("PATCH", eve, path, "{\"name\":\"Mine\"}", null));
            answers.add(post(eve, path + "/members", "{\"user_ids\":[\"" + UNKNOWN_ID + "\"]}", null));
            answers.add(send("PATCH", eve, path + "/members/me", "{\"role\":\"owner\"}", null));
            answers.add(send("DELETE", eve, path + "/members/" + bob.id(), null, null));
            for (var answer : answers) {
                assertEquals(404, answer.statusCode(), answer.body());
                assertEquals("not_found", code(answer));
            }
        }
    }

    @Test
    void a_direct_conversation_keeps_its_two() throws Exception {
        String path = "/v1/conversations/" + id(post(ann, "/v1/conversations", direct(bob), null));
        assertEquals(
                "direct_is_fixed", code(post(ann, path + "/members", "{\"user_ids\":[\"" + eve.id() + "\"]}", null)));
        assertEquals("direct_is_fixed", code(send("DELETE", ann, path + "/members/me", null, null)));
        assertEquals("direct_is_fixed", code(send("PATCH", ann, path, "{\"name\":\"Us\"}", null)));
    }

    @Test
    void lists_come_in_pages_and_cursors_are_judged() throws Exception {
        var dan = signUp("dan");
        for (int i = 0; i < 3; i++) {
            post(dan, "/v1/conversations", group("g" + i, bob.id()), null);
        }
        var first = json(get(dan, "/v1/conversations?limit=2"));
        assertEquals(2, first.at("/items").size());
        var second = json(
                get(dan, "/v1/conversations?limit=2&after=" + first.at("/after").textValue()));
        assertEquals(1, second.at("/items").size());
        assertFalse(second.has("after"));
        String path = "/v1/conversations/" + first.at("/items/0/id").textValue() + "/members";
        var members = json(get(dan, path + "?limit=1"));
        assertEquals(1, members.at("/items").size());
        assertEquals(
                1,
                json(get(dan, path + "?limit=1&after=" + members.at("/after").textValue()))
                        .at("/items")
                        .size());

        assertEquals("limit out_of_range", refusal(get(dan, "/v1/conversations?limit=501")));
        assertEquals("limit not_a_number", refusal(get(dan, path + "?limit=x")));
        assertEquals("after not_a_cursor", refusal(get(dan, "/v1/conversations?after=!!")));
        assertEquals("after not_a_cursor", refusal(get(dan, path + "?after=AAAA")));
    }

    @Test
    void a_creation_with_a_key_happens_once() throws Exception {
        var first = post(ann, "/v1/conversations", group("Keyed", bob.id()), "key-1");
        var repeat = post(ann, "/v1/conversations", group("Keyed", bob.id()), "key-1");
        assertEquals(201, repeat.statusCode());
        assertEquals(first.body(), repeat.body());
        assertEquals("true", repeat.headers().firstValue("idempotency-replayed").orElse(""));
        assertFalse(first.headers().firstValue("idempotency-replayed").isPresent());
        assertEquals("idempotency_mismatch", code(post(ann, "/v1/conversations", group("Other"), "key-1")));
        assertNotEquals(id(first), id(post(bob, "/v1/conversations", group("Keyed", bob.id()), "key-1")));
        assertEquals("Idempotency-Key not_a_key", refusal(post(ann, "/v1/conversations", group("g"), "k".repeat(65))));
        // A refused request leaves the key free.
        assertEquals(
                400,
                post(ann, "/v1/conversations", group("g", UNKNOWN_ID), "key-2").statusCode());
        assertEquals(201, post(ann, "/v1/conversations", group("g"), "key-2").statusCode());
    }

    @Test
    void a_repeat_after_a_crash_between_the_creation_and_its_answer_finds_what_was_made() throws Exception {
        var made = post(ann, "/v1/conversations", group("Survivor", bob.id()), "key-crash");
        // What a node leaves behind that is killed just after the commit: the group, and a key without an answer.
        execute("UPDATE idempotency SET status = NULL, answer = NULL, attempt = 0 WHERE key = 'key-crash'");
        var repeat = post(ann, "/v1/conversations", group("Survivor", bob.id()), "key-crash");
        assertEquals(201, repeat.statusCode(), repeat.body());
        assertEquals(id(made), id(repeat));
        assertEquals(1, rows("SELECT count(*) FROM conversation WHERE name = 'Survivor'"));
        // One that may still be at work is left alone.
        execute("UPDATE idempotency SET status = NULL, answer = NULL, attempt = 7 WHERE key = 'key-crash'");
        assertEquals(
                "idempotency_in_progress",
                code(post(ann, "/v1/conversations", group("Survivor", bob.id()), "key-crash")));
    }

    @Test
    void the_last_message_is_shown_to_those_who_may_see_it() throws Exception {
        String path = "/v1/conversations/" + id(post(ann, "/v1/conversations", group("Talk", bob.id()), null));
        say(ann, path, "before");
        post(ann, path + "/members", "{\"user_ids\":[\"" + carol.id() + "\"]}", null);
        // The notice that carol joined is the newest, and the first that carol sees.
        assertEquals(2, json(get(bob, path)).at("/last_message/seq").intValue());
        assertEquals(2, json(get(carol, path)).at("/last_message/seq").intValue());
        assertEquals(2, json(get(carol, path)).at("/me/joined_seq").intValue());
        say(bob, path, "after");
        assertEquals("after", json(get(carol, path)).at("/last_message/text").textValue());
        var first = json(get(carol, "/v1/conversations?limit=1")).at("/items/0");
        assertEquals("after", first.at("/last_message/text").textValue());
        assertEquals(3, first.at("/last_seq").intValue());
    }

    @Test
    void every_member_is_told_and_nothing_stays_in_the_outbox() throws Exception {
        var fay = signUp("fay");
        String conversation = id(post(ann, "/v1/conversations", group("Told"), null));
        post(ann, "/v1/conversations/" + conversation + "/members", "{\"user_ids\":[\"" + fay.id() + "\"]}", null);
        send("DELETE", fay, "/v1/conversations/" + conversation + "/members/me", null, null);
        try (var redis = REDIS.jedis()) {
            assertEquals(3, redis.xlen("s:{" + fay.id() + "}"), "joined, the notice of it, left");
        }
        await().until(() -> rows("SELECT count(*) FROM outbox") == 0);
    }

    private void say(Person who, String path, String text) throws Exception {
        String body = "{\"client_message_id\":\"" + text + "\",\"type\":\"text\",\"text\":\"" + text + "\"}";
        assertEquals(201, post(who, path + "/messages", body, null).statusCode());
    }

    private static void execute(String statement) throws SQLException {
        try (var connection = POSTGRES.dataSource().getConnection();
                var update = connection.createStatement()) {
            update.execute(statement);
        }
    }

    private static long rows(String query) throws SQLException {
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private Person signUp(String name) throws Exception {
        String body =
                "{\"username\":\"" + name + "\",\"password\":\"correct horse\",\"display_name\":\"" + name + "\"}";
        var made = json(send("POST", null, "/v1/users", body, null));
        return new Person(
                made.at("/user/id").textValue(),
                made.at("/session/access_token").textValue());
    }

    private static String direct(Person other) {
        return "{\"type\":\"direct\",\"user_id\":\"" + other.id() + "\"}";
    }

    private static String group(String name, String... members) {
        String list = members.length == 0 ? "" : "\"" + String.join("\",\"", members) + "\"";
        return "{\"type\":\"group\",\"name\":\"" + name + "\",\"member_ids\":[" + list + "]}";
    }

    private HttpResponse<String> get(Person who, String path) throws Exception {
        return send("GET", who, path, null, null);
    }

    private HttpResponse<String> post(Person who, String path, String body, @Nullable String key) throws Exception {
        return send("POST", who, path, body, key);
    }

    private HttpResponse<String> send(
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

    private static JsonNode json(HttpResponse<String> answer) throws Exception {
        assertTrue(answer.statusCode() < 300, answer.body());
        return Json.MAPPER.readTree(answer.body());
    }

    private static String id(HttpResponse<String> answer) throws Exception {
        return json(answer).at("/id").textValue();
    }

    private static String code(HttpResponse<String> answer) throws Exception {
        return Json.MAPPER.readTree(answer.body()).path("code").asText(answer.body());
    }

    /** The first field at fault and what is wrong with it. */
    private static String refusal(HttpResponse<String> answer) throws Exception {
        assertEquals(400, answer.statusCode(), answer.body());
        var error = Json.MAPPER.readTree(answer.body()).at("/errors/0");
        return error.at("/pointer").textValue() + " " + error.at("/code").textValue();
    }

    private static List<String> texts(JsonNode items, String field) {
        return StreamSupport.stream(items.spliterator(), false)
                .map(item -> item.at("/" + field).textValue())
                .toList();
    }
}
