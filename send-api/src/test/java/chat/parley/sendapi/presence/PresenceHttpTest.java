package chat.parley.sendapi.presence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.UserId;
import chat.parley.json.Json;
import chat.parley.presence.PresenceLeases;
import chat.parley.presence.PresenceLeases.Connected;
import chat.parley.redis.Redis;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PresenceHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private RunningSendApi api;
    private Redis redis;
    private PresenceLeases leases;
    private int people;
    private Person ann;
    private Person bob;

    private record Person(UserId id, String token) {}

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        redis = Redis.open(URI.create(REDIS.uri()), 2);
        leases = new PresenceLeases(redis, Clock.systemUTC());
        ann = signUp();
        bob = signUp();
    }

    @AfterAll
    void stop() throws Exception {
        redis.close();
        api.close();
    }

    @Test
    void who_is_asked_for_is_answered_in_that_order_and_who_is_not_known_is_offline() throws Exception {
        var nobody = new UserId(77);
        leases.keep("n", List.of(new Connected(ann.id, true, false), new Connected(bob.id, false, true)));
        var page = json(get(bob, "?user_ids=" + nobody + "," + ann.id + "," + bob.id + "," + nobody));
        assertEquals(3, page.at("/items").size());
        assertEquals(
                "{\"user_id\":\"" + nobody + "\",\"status\":\"offline\"}",
                page.at("/items/0").toString());
        assertEquals(ann.id.toString(), page.at("/items/1/user_id").textValue());
        assertEquals("online", page.at("/items/1/status").textValue());
        var seen = Instant.parse(page.at("/items/1/last_seen_at").textValue());
        assertTrue(Duration.between(seen, Instant.now()).toSeconds() < 30);
        assertEquals("away", page.at("/items/2/status").textValue());
        assertEquals(1, page.size());
    }

    @Test
    void what_one_chooses_is_what_others_see() throws Exception {
        leases.keep("n", List.of(new Connected(ann.id, true, false)));
        assertEquals("{\"status\":\"online\"}", get(ann, "/me").body());

        var set = put(ann, "{\"status\":\"away\",\"text\":\"On a walk \\uD83D\\uDC15\"}");
        assertEquals(200, set.statusCode(), set.body());
        assertEquals(set.body(), get(ann, "/me").body());
        var shown = json(get(bob, "?user_ids=" + ann.id)).at("/items/0");
        assertEquals("away", shown.at("/status").textValue());
        assertEquals("On a walk \uD83D\uDC15", shown.at("/text").textValue());

        assertEquals(200, put(ann, "{\"status\":\"invisible\"}").statusCode());
        shown = json(get(bob, "?user_ids=" + ann.id)).at("/items/0");
        assertEquals("offline", shown.at("/status").textValue());
        assertTrue(shown.path("text").isMissingNode(), shown::toString);
        assertEquals("{\"status\":\"invisible\"}", get(ann, "/me").body());

        put(ann, "{\"status\":\"online\",\"text\":\"\"}");
        assertEquals(
                "online",
                json(get(bob, "?user_ids=" + ann.id)).at("/items/0/status").textValue());
        assertEquals("{\"status\":\"online\"}", get(ann, "/me").body());
    }

    @Test
    void bad_questions_and_choices_are_refused_by_name() throws Exception {
        var tooMany = LongStream.rangeClosed(1, PresenceRoutes.USERS_MAX + 1)
                .mapToObj(id -> new UserId(id).toString())
                .collect(Collectors.joining(","));
        for (var query :
                List.of("", "?user_ids=", "?user_ids=x", "?user_ids=" + ann.id + ",", "?user_ids=" + tooMany)) {
            var answer = get(ann, query);
            assertEquals(400, answer.statusCode(), query);
            assertEquals("user_ids", json(answer).at("/errors/0/pointer").textValue());
        }
        var most = tooMany.substring(0, tooMany.lastIndexOf(','));
        assertEquals(
                PresenceRoutes.USERS_MAX,
                json(get(ann, "?user_ids=" + most)).at("/items").size());

        var longest = "x".repeat(PresenceRoutes.TEXT_CODE_POINTS_MAX);
        assertEquals(
                200,
                put(bob, "{\"status\":\"away\",\"text\":\"" + longest + "\"}").statusCode());
        for (var body : List.of(
                "{}",
                "{\"status\":\"offline\"}",
                "{\"status\":\"away\",\"text\":\"" + longest + "x\"}",
                "{\"status\":\"away\",\"text\":\"a\\u0007b\"}",
                "{\"status\":\"away\",\"text\":7}",
                "{\"status\":\"away\",\"since\":1}")) {
            assertEquals(400, put(bob, body).statusCode(), body);
        }
        assertEquals(longest, json(get(bob, "/me")).at("/text").textValue()); // what was refused changed nothing
        assertEquals(
                401,
                api.send(HttpRequest.newBuilder(api.uri("/v1/presence/me"))).statusCode());
    }

    @Test
    void changes_are_limited_for_each_person() throws Exception {
        var restless = signUp();
        for (int i = 0; i < PresenceRoutes.CHANGES_PER_MINUTE; i++) {
            assertEquals(200, put(restless, "{\"status\":\"away\"}").statusCode());
        }
        var refused = put(restless, "{\"status\":\"online\"}");
        for (int i = 0; i < 3 && refused.statusCode() != 429; i++) {
            refused = put(restless, "{\"status\":\"online\"}"); // one may have come back meanwhile
        }
        assertEquals(429, refused.statusCode());
    }

    @Test
    void where_presence_is_off_it_does_not_exist() throws Exception {
        try (var off = RunningSendApi.startWithoutPresence(POSTGRES, REDIS)) {
            for (var path : List.of("/v1/presence?user_ids=" + ann.id, "/v1/presence/me")) {
                var answer =
                        off.send(HttpRequest.newBuilder(off.uri(path)).header("Authorization", "Bearer " + ann.token));
                assertEquals(404, answer.statusCode());
            }
        }
    }

    private Person signUp() throws Exception {
        var name = "present" + ++people;
        var answer = json(api.send(HttpRequest.newBuilder(api.uri("/v1/users"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(
                        "{\"username\":\"" + name + "\",\"password\":\"correct horse\",\"display_name\":\"P\"}"))));
        return new Person(
                UserId.parse(answer.at("/user/id").textValue()),
                answer.at("/session/access_token").textValue());
    }

    private HttpResponse<String> get(Person person, String what) throws Exception {
        return api.send(HttpRequest.newBuilder(api.uri("/v1/presence" + what))
                .header("Authorization", "Bearer " + person.token));
    }

    private HttpResponse<String> put(Person person, String body) throws Exception {
        return api.send(HttpRequest.newBuilder(api.uri("/v1/presence/me"))
                .header("Authorization", "Bearer " + person.token)
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString(body)));
    }

    private static JsonNode json(HttpResponse<String> answer) throws Exception {
        return Json.MAPPER.readTree(answer.body());
    }
}
