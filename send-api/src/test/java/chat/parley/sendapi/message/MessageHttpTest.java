package chat.parley.sendapi.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.json.Json;
import chat.parley.json.JsonText;
import chat.parley.redis.RedisKeys;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MessageHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final AtomicInteger NAMES = new AtomicInteger();

    private RunningSendApi api;
    private Person ann;
    private Person bob;
    private Person eve;

    /** Someone who signed up. */
    private record Person(String id, String token) {}

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        ann = signUp();
        bob = signUp();
        eve = signUp();
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void a_message_is_answered_with_its_address_and_reads_the_same_everywhere() throws Exception {
        var talk = talk(ann, bob);
        var sent = send(ann, talk, "a1", "Hello \"you\"\r\n\u2028 \uD83D\uDE00");
        assertEquals(201, sent.statusCode(), sent.body());
        var address = sent.headers().firstValue("location").orElseThrow();
        assertEquals(path(talk) + "/1", address);
        var message = json(sent);
        assertEquals(talk + ":1", message.at("/id").textValue());
        assertEquals(ann.id, message.at("/sender_id").textValue());
        assertEquals("Hello \"you\"\r\n\u2028 \uD83D\uDE00", message.at("/text").textValue());
        assertEquals(sent.body(), get(bob, address).body());
        assertTrue(get(bob, path(talk)).body().contains(sent.body()));
    }

    @Test
    void a_repeat_is_the_same_message_and_a_reused_key_is_refused() throws Exception {
        var talk = talk(ann, bob);
        var sent = send(ann, talk, "key", "hello");
        var again = send(ann, talk, "key", "hello");
        assertEquals(201, again.statusCode());
        assertEquals(sent.body(), again.body());
        assertEquals("true", again.headers().firstValue("idempotency-replayed").orElse(""));
        assertFalse(sent.headers().firstValue("idempotency-replayed").isPresent());
        var other = send(ann, talk, "key", "another");
        assertEquals(422, other.statusCode());
        assertEquals("idempotency_mismatch", json(other).at("/code").textValue());
    }

    @Test
    void history_is_read_in_pages_that_say_when_there_is_more() throws Exception {
        var talk = talk(ann, bob);
        for (int i = 1; i <= 7; i++) {
            send(ann, talk, "k" + i, "text");
        }
        var newest = page(bob, talk, "?limit=3");
        assertEquals(List.of(7, 6, 5), seqs(newest));
        assertEquals("5", newest.at("/before").textValue());
        assertNull(newest.get("after"));
        var older = page(bob, talk, "?limit=4&before=" + talk + ":5");
        assertEquals(List.of(4, 3, 2, 1), seqs(older));
        assertNull(older.get("before"));
        assertEquals("4", older.at("/after").textValue());
        var newer = page(bob, talk, "?limit=2&after=4");
        assertEquals(List.of(5, 6), seqs(newer));
        assertEquals("5", newer.at("/before").textValue());
        assertEquals("6", newer.at("/after").textValue());
        assertNull(page(bob, talk, "?after=5").get("after"));
        var around = page(bob, talk, "?limit=4&around=4");
        assertEquals(List.of(2, 3, 4, 5), seqs(around));
        assertEquals("2", around.at("/before").textValue());
        assertEquals("5", around.at("/after").textValue());
        assertEquals(List.of(1, 2, 3, 4, 5, 6, 7), seqs(page(bob, talk, "?around=1")));
        assertEquals(List.of(), seqs(page(bob, talk, "?after=7")));
    }

    @Test
    void bad_positions_and_limits_are_refused_by_name() throws Exception {
        var talk = talk(ann, bob);
        for (var query : List.of(
                "before=x",
                "after=-1",
                "around=99999999999999999999",
                "limit=0",
                "limit=201",
                "limit=x",
                "before=1&after=1",
                "before=0H7Q00000000A:1",
                "before=:")) {
            var answer = get(ann, path(talk) + "?" + query);
            assertEquals(400, answer.statusCode(), query);
            assertEquals("invalid_field", json(answer).at("/code").textValue());
        }
    }

    @Test
    void strangers_and_unknown_names_get_the_same_404() throws Exception {
        var talk = talk(ann, bob);
        send(ann, talk, "k", "secret");
        assertEquals(404, send(eve, talk, "k", "let me in").statusCode());
        for (var each : List.of(path(talk), path(talk) + "/1", path("nonsense"), path(talk) + "/x")) {
            var answer = get(eve, each);
            assertEquals(404, answer.statusCode(), each);
            assertEquals("not_found", json(answer).at("/code").textValue());
        }
        assertEquals(404, get(ann, path(talk) + "/99").statusCode());
        assertEquals(404, get(ann, path(talk) + "/+1").statusCode());
        assertEquals(401, api.send(HttpRequest.newBuilder(api.uri(path(talk)))).statusCode());
    }

    @Test
    void bad_messages_are_refused_with_a_pointer() throws Exception {
        var talk = talk(ann, bob);
        var bad = List.of(
                body("", "text", "hello"),
                body("k\\n", "text", "hello"),
                body("k".repeat(65), "text", "hello"),
                body("k", "image", "hello"),
                body("k", "text", ""),
                body("k", "text", "x".repeat(10_001)),
                body("k", "text", "nul \\u0000"),
                body("k", "text", "lone \\ud83d"),
                "{\"client_message_id\":\"k\",\"type\":\"text\"}",
                "{\"client_message_id\":\"k\",\"type\":\"text\",\"text\":5}",
                "{\"client_message_id\":\"k\",\"type\":\"text\",\"text\":\"a\",\"reply_to\":1}");
        for (var each : bad) {
            var answer = post(ann, path(talk), each);
            assertEquals(400, answer.statusCode(), each);
            assertTrue(json(answer).at("/errors/0/pointer").asText().startsWith("/"), answer.body());
        }
        var longest = "\uD83D\uDE00".repeat(10_000);
        assertEquals(201, send(ann, talk, "long", longest).statusCode());
        assertEquals(longest, json(get(bob, path(talk) + "/1")).at("/text").textValue());
    }

    @Test
    void newcomers_see_what_came_after_they_joined_and_leavers_nothing_more() throws Exception {
        var talk = talk(ann, bob);
        var members = "/v1/conversations/" + talk + "/members";
        send(ann, talk, "1", "before eve");
        var added = post(ann, members, "{\"user_ids\":[\"" + eve.id + "\"]}");
        assertEquals(2, added.statusCode() / 100, added.body());
        send(ann, talk, "2", "with eve");
        // The second is the notice that eve joined.
        assertEquals(List.of(3, 2), seqs(page(eve, talk, "")));
        assertEquals(List.of(2, 3), seqs(page(eve, talk, "?after=0")));
        assertNull(page(eve, talk, "?after=0").get("before"));
        assertEquals(404, get(eve, path(talk) + "/1").statusCode());
        assertEquals(200, get(eve, path(talk) + "/2").statusCode());
        assertEquals(201, send(eve, talk, "e", "hello").statusCode());
        var removal = HttpRequest.newBuilder(api.uri(members + "/" + eve.id)).DELETE();
        assertEquals(2, as(ann, removal).statusCode() / 100);
        assertEquals(404, send(eve, talk, "e2", "still here?").statusCode());
        assertEquals(404, send(eve, talk, "e", "hello").statusCode());
        assertEquals(404, get(eve, path(talk)).statusCode());
        assertEquals(201, send(bob, talk, "b", "gone").statusCode());
    }

    @Test
    void the_rate_is_told_with_each_send() throws Exception {
        var sent = send(ann, talk(ann, bob), "k", "hello");
        assertEquals(
                "\"send\";q=600;w=60",
                sent.headers().firstValue("ratelimit-policy").orElse(""));
        assertTrue(sent.headers().firstValue("ratelimit").orElse("").startsWith("\"send\";r="));
    }

    @Test
    void parallel_repeats_of_many_sends_store_each_once() throws Exception {
        var talk = talk(ann, bob);
        try (var senders = Executors.newVirtualThreadPerTaskExecutor()) {
            var answers = new ArrayList<Future<HttpResponse<String>>>();
            for (int i = 0; i < 120; i++) {
                int key = i % 40;
                answers.add(senders.submit(() -> send(ann, talk, "k" + key, "text " + key)));
            }
            var ids = new HashSet<String>();
            for (var answer : answers) {
                assertEquals(201, answer.get().statusCode());
                ids.add(json(answer.get()).at("/id").textValue());
            }
            assertEquals(40, ids.size());
        }
        assertEquals(40, seqs(page(ann, talk, "")).size());
    }

    @Test
    void what_was_published_leaves_the_outbox_and_absent_members_with_a_device_get_a_push_job() throws Exception {
        var talk = talk(ann, bob);
        var added = post(ann, "/v1/conversations/" + talk + "/members", "{\"user_ids\":[\"" + signUp().id + "\"]}");
        assertEquals(2, added.statusCode() / 100, added.body());
        var device = api.send(HttpRequest.newBuilder(api.uri("/v1/devices/phone"))
                .header("Authorization", "Bearer " + bob.token)
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString("{\"vendor\":\"fcm\",\"token\":\"token:" + bob.id + "\"}")));
        assertEquals(201, device.statusCode(), device.body());
        send(ann, talk, "k", "hello");
        Awaitility.await().untilAsserted(() -> {
            try (var connection = POSTGRES.dataSource().getConnection();
                    var statement = connection.createStatement();
                    var rows = statement.executeQuery(
                            "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM outbox_batch)")) {
                assertTrue(rows.next());
                assertEquals(0, rows.getInt(1));
            }
        });
        try (var redis = REDIS.jedis()) {
            // Those of other tests may be queued once more: Redis was emptied before this one, and the relay made up
            // for it.
            var words = " " + ConversationId.parse(talk).value() + " ";
            var jobs = redis.zrange(RedisKeys.PUSH_JOBS, 0, -1).stream()
                    .filter(job -> job.contains(words))
                    .toList();
            assertEquals(1, jobs.size(), () -> "for bob, and none for the sender and for who has no device: " + jobs);
            assertTrue(
                    jobs.getFirst().contains(Long.toString(UserId.parse(bob.id).value())), jobs::toString);
        }
    }

    private Person signUp() throws Exception {
        var name = "person" + NAMES.incrementAndGet();
        var body = "{\"username\":\"" + name + "\",\"password\":\"correct horse\",\"display_name\":\"P\"}";
        var answer = json(api.send(HttpRequest.newBuilder(api.uri("/v1/users"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))));
        return new Person(
                answer.at("/user/id").textValue(),
                answer.at("/session/access_token").textValue());
    }

    /** Each a new one: a group of two, so that seqs begin at 1. */
    private String talk(Person one, Person other) throws Exception {
        var body = "{\"type\":\"group\",\"name\":\"two\",\"member_ids\":[\"" + other.id + "\"]}";
        var answer = post(one, "/v1/conversations", body);
        assertEquals(201, answer.statusCode(), answer.body());
        return json(answer).at("/id").textValue();
    }

    private static String path(String talk) {
        return "/v1/conversations/" + talk + "/messages";
    }

    private HttpResponse<String> send(Person sender, String talk, String key, String text) throws Exception {
        byte[] body = JsonText.bytes(json -> {
            json.writeStartObject();
            json.writeStringField("client_message_id", key);
            json.writeStringField("type", "text");
            json.writeStringField("text", text);
            json.writeEndObject();
        });
        return as(
                sender,
                HttpRequest.newBuilder(api.uri(path(talk)))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofByteArray(body)));
    }

    private static String body(String key, String type, String text) {
        return "{\"client_message_id\":\"" + key + "\",\"type\":\"" + type + "\",\"text\":\"" + text + "\"}";
    }

    private HttpResponse<String> post(Person person, String path, String body) throws Exception {
        return as(
                person,
                HttpRequest.newBuilder(api.uri(path))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body)));
    }

    private HttpResponse<String> get(Person person, String path) throws Exception {
        return as(person, HttpRequest.newBuilder(api.uri(path)));
    }

    private JsonNode page(Person person, String talk, String query) throws Exception {
        return json(get(person, path(talk) + query));
    }

    private HttpResponse<String> as(Person person, HttpRequest.Builder request) throws Exception {
        return api.send(request.header("Authorization", "Bearer " + person.token));
    }

    private static JsonNode json(HttpResponse<String> answer) throws Exception {
        return Json.MAPPER.readTree(answer.body());
    }

    private static List<Integer> seqs(JsonNode page) {
        var seqs = new ArrayList<Integer>();
        page.at("/items").forEach(item -> seqs.add(item.at("/seq").intValue()));
        return seqs;
    }
}
