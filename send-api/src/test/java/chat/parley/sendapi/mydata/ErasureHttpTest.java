package chat.parley.sendapi.mydata;

import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.problem;
import static chat.parley.sendapi.mydata.MarkedPerson.PASSWORD;
import static chat.parley.sendapi.mydata.MarkedPerson.messages;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.UserId;
import chat.parley.json.Json;
import chat.parley.media.MediaSettings;
import chat.parley.redis.RedisKeys;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What is left of somebody who asked to be erased, and of what others said to them: by the production wiring. */
class ErasureHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String ERASE = "{\"password\":\"" + PASSWORD + "\"}";

    @TempDir
    Path blobs;

    private RunningSendApi api;
    private MarkedPerson people;
    private Traces traces;

    @BeforeEach
    void begin() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS, MediaSettings.folder(blobs));
        traces = new Traces(POSTGRES, REDIS, blobs);
        people = new MarkedPerson(api, "xq" + Long.toString(new Random().nextLong(Long.MAX_VALUE), 36));
    }

    @AfterEach
    void end() throws Exception {
        api.close();
    }

    @Test
    void no_store_has_a_word_of_who_was_erased() throws Exception {
        var before = String.join("\n", traces.of(people.mark));
        for (var place : List.of(
                "users",
                "session",
                "message:",
                "message_version",
                "media",
                "idempotency",
                "report",
                "device",
                "redis s:",
                "redis p:",
                "redis {push}:jobs",
                "file")) {
            assertTrue(before.contains(place), "the test itself: nothing marked in " + place + "\n" + before);
        }
        var ann = UserId.parse(people.ann.id());
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement();
                var jedis = REDIS.jedis()) {
            // As of somebody from an outside issuer: with the login alone it would go all by itself.
            statement.execute("UPDATE device SET session_id = NULL WHERE user_id = " + ann.value());
            assertTrue(jedis.exists(RedisKeys.background(ann)));
            jedis.hset(RedisKeys.shown(ann), people.group, "1");
        }
        assertEquals(202, people.ann.ask("DELETE", "/v1/users/me", ERASE).statusCode());
        awaitNoTraces();
        long id = ann.value();
        for (var owned : List.of(
                "reaction WHERE user_id",
                "session WHERE user_id",
                "stream_ticket WHERE user_id",
                "identity WHERE user_id",
                "idempotency WHERE user_id",
                "media WHERE owner_id",
                "invite WHERE created_by",
                "ban WHERE user_id",
                "device WHERE user_id",
                "push_preference WHERE user_id",
                "block WHERE blocked_id + blocker_id - "
                        + UserId.parse(people.eve.id()).value(),
                "report WHERE reporter_id",
                "message_search WHERE words IS NOT NULL AND sender_id",
                "member WHERE (left_at IS NULL OR notifications <> 'all' OR notifications_chosen) AND user_id")) {
            assertEquals(0, rows("SELECT count(*) FROM " + owned + " = " + id), owned);
        }
        try (var jedis = REDIS.jedis()) {
            assertEquals(0, jedis.exists(RedisKeys.stream(ann), RedisKeys.background(ann), RedisKeys.shown(ann)));
        }
    }

    @Test
    void others_keep_their_conversations() throws Exception {
        people.ann.ask("DELETE", "/v1/users/me", ERASE);
        awaitNoTraces();
        var page = json(people.eve.ask("GET", messages(people.group) + "?after=0", null));
        var items = page.get("items");
        for (int i = 0; i < items.size(); i++) {
            assertEquals(i + 1, items.get(i).get("seq").intValue(), "no holes");
        }
        var erased = items.get(0);
        assertEquals(people.ann.id(), erased.get("sender_id").textValue());
        assertTrue(erased.has("deleted_at") && !erased.has("text") && !erased.has("reactions"), erased.toString());
        assertEquals("hello", items.get(1).get("text").textValue());
        assertEquals(1, items.get(1).at("/reactions/👍").intValue(), "of two, the other one's");
        assertEquals(people.ann.id(), items.get(2).at("/mentions/0").textValue());
        assertEquals("file", items.get(3).get("type").textValue());

        var group = json(people.bob.ask("GET", "/v1/conversations/" + people.group, null));
        assertEquals(2, group.get("member_count").intValue());
        assertTrue(
                group.get("members").findValuesAsText("role").contains("owner"),
                "handed over: " + group.get("members"));
        assertEquals(
                201,
                people.bob
                        .ask("POST", messages(people.group), "{\"client_message_id\":\"b9\",\"text\":\"go on\"}")
                        .statusCode());

        String toNobody = "{\"client_message_id\":\"b9\",\"text\":\"anyone?\"}";
        assertProblem("forbidden", 403, people.bob.ask("POST", messages(people.direct), toNobody));
        var direct = json(people.bob.ask("GET", messages(people.direct) + "?after=0", null));
        assertEquals("an answer", direct.at("/items/1/text").textValue());
        assertTrue(direct.at("/items/2").has("deleted_at"));
    }

    @Test
    void others_are_told_each_tombstone() throws Exception {
        people.ann.ask("DELETE", "/v1/users/me", ERASE);
        awaitNoTraces();
        await("the tombstones in Eve's stream", () -> {
            try (var jedis = REDIS.jedis()) {
                var told = jedis.xrange("s:{" + people.eve.id() + "}", "-", "+").toString();
                return told.contains("message.deleted m:" + people.group + ":1:")
                        && told.contains("message.deleted m:" + people.group + ":4:")
                        && told.contains("member.left")
                        && !told.contains("message.created m:" + people.group + ":1:");
            }
        });
    }

    @Test
    void there_is_no_such_person_from_the_answer_on() throws Exception {
        String ticket = json(people.ann.ask("POST", "/v1/stream/tickets", null))
                .get("ticket")
                .textValue();
        assertFalse(ticket.isEmpty());
        assertEquals(202, people.ann.ask("DELETE", "/v1/users/me", ERASE).statusCode());
        assertEquals(401, people.ann.ask("GET", "/v1/users/me", null).statusCode());
        assertEquals(401, people.ann.ask("DELETE", "/v1/users/me", ERASE).statusCode());
        assertEquals(
                401,
                post(
                                "/v1/sessions/refresh",
                                "{\"refresh_token\":\""
                                        + people.session.get("refresh_token").textValue() + "\"}")
                        .statusCode());
        assertEquals(
                401,
                post("/v1/sessions", "{\"username\":\"" + people.mark + "\",\"password\":\"" + PASSWORD + "\"}")
                        .statusCode());
        assertEquals(
                404, people.bob.ask("GET", "/v1/users/" + people.ann.id(), null).statusCode());
        var found = json(people.bob.ask("GET", "/v1/users?query=" + people.mark, null));
        assertEquals(0, found.get("items").size());
        String direct = "{\"type\":\"direct\",\"user_id\":\"" + people.ann.id() + "\"}";
        assertProblem("invalid_field", 400, people.bob.ask("POST", "/v1/conversations", direct));
        var anew = MarkedPerson.signUp(api, people.mark);
        assertEquals(201, anew.statusCode(), "the name is free, also under the old key");
        var user = Json.MAPPER.readTree(anew.body()).get("user");
        assertNotEquals(people.ann.id(), user.get("id").textValue());
    }

    @Test
    void only_who_knows_the_password_is_erased() throws Exception {
        assertProblem("invalid_field", 400, people.ann.ask("DELETE", "/v1/users/me", null));
        assertProblem("invalid_field", 400, people.ann.ask("DELETE", "/v1/users/me", "{}"));
        assertProblem(
                "unknown_field", 400, people.ann.ask("DELETE", "/v1/users/me", "{\"password\":\"x\",\"sure\":true}"));
        for (int i = 0; i < 10; i++) {
            assertProblem(
                    "bad_credentials", 401, people.ann.ask("DELETE", "/v1/users/me", "{\"password\":\"wrong horse\"}"));
        }
        var refused = people.ann.ask("DELETE", "/v1/users/me", ERASE);
        assertProblem("too_many_requests", 429, refused);
        assertTrue(refused.headers().firstValue("Retry-After").isPresent());
        assertEquals(200, people.ann.ask("GET", "/v1/users/me", null).statusCode(), "nothing was changed");
    }

    private static int rows(String count) throws Exception {
        try (var connection = POSTGRES.dataSource().getConnection();
                var row = connection.createStatement().executeQuery(count)) {
            row.next();
            return row.getInt(1);
        }
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return api.send(HttpRequest.newBuilder(api.uri(path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body)));
    }

    private static void assertProblem(String code, int status, HttpResponse<String> answer) throws Exception {
        assertEquals(status, answer.statusCode(), answer.body());
        JsonNode problem = problem(answer);
        assertEquals(code, problem.get("code").textValue());
    }

    private void awaitNoTraces() throws Exception {
        await("the traces to go", () -> traces.of(people.mark).isEmpty());
    }

    /** Says what is left where it takes too long. */
    private void await(String what, Callable<Boolean> condition) throws Exception {
        try {
            Awaitility.await(what).atMost(PATIENCE).until(condition);
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(what + "; left:\n" + String.join("\n", traces.of(people.mark)), e);
        }
    }
}
