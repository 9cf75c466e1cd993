package chat.parley.sendapi.typing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.UserId;
import chat.parley.json.Json;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.LiveTap;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two send-api nodes over the same stores; what is told is read from the live channels. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TypingHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private RunningSendApi one;
    private RunningSendApi two;
    private int people;
    private Person ann;
    private Person bob;
    private Person eve;

    private record Person(UserId id, String token) {}

    @BeforeAll
    void start() throws Exception {
        one = RunningSendApi.start(POSTGRES, REDIS);
        two = RunningSendApi.start(POSTGRES, REDIS);
        ann = signUp();
        bob = signUp();
        eve = signUp();
    }

    @AfterAll
    void stop() throws Exception {
        two.close();
        one.close();
    }

    @Test
    void the_others_are_told_once_in_three_seconds_whichever_nodes_are_asked() throws Exception {
        var talk = group(List.of(bob.id));
        try (var tap = new LiveTap(REDIS, List.of(ann.id, bob.id, eve.id))) {
            for (var node : List.of(one, two, one, two)) {
                assertEquals(204, typing(node, ann, talk).statusCode());
            }
            assertEquals(204, typing(two, bob, talk).statusCode()); // another person's sign is another thing
            Awaitility.await().until(() -> tap.ephemeral(ann.id).size() == 1);
            var told = tap.ephemeral(bob.id);
            assertEquals(1, told.size());
            var event = Json.MAPPER.readTree(told.getFirst());
            assertEquals("typing.started", event.at("/type").textValue());
            assertEquals(talk, event.at("/conversation_id").textValue());
            assertEquals(ann.id.toString(), event.at("/actor_id").textValue());
            assertEquals("{\"user_id\":\"" + ann.id + "\"}", event.at("/data").toString());
            assertEquals(List.of(), tap.ephemeral(eve.id));

            try (var redis = REDIS.jedis()) {
                var keys = redis.keys("t:*");
                assertEquals(2, keys.size());
                for (var key : keys) {
                    assertTrue(redis.pttl(key) > 0 && redis.pttl(key) <= 3_000);
                    redis.del(key); // the three seconds are over
                }
            }
            typing(two, ann, talk);
            Awaitility.await().until(() -> tap.ephemeral(bob.id).size() == 2);
        }
        try (var redis = REDIS.jedis()) {
            var outbox = redis.keys("s:{" + bob.id + "}");
            assertTrue(outbox.isEmpty()
                    || redis.xrange("s:{" + bob.id + "}", "-", "+").stream()
                            .noneMatch(entry -> entry.toString().contains("typing")));
        }
    }

    @Test
    void who_is_no_member_finds_nothing_and_tells_nothing() throws Exception {
        var talk = group(List.of(bob.id));
        try (var tap = new LiveTap(REDIS, List.of(bob.id))) {
            var foreign = typing(one, eve, talk);
            assertEquals(404, foreign.statusCode());
            var missing = typing(one, eve, "0000000000001");
            assertEquals(404, missing.statusCode());
            assertEquals(body(foreign).at("/code"), body(missing).at("/code"));
            assertEquals(404, typing(one, eve, "nonsense").statusCode());
            typing(one, ann, talk);
            Awaitility.await().until(() -> tap.ephemeral(bob.id).size() == 1);
            assertTrue(tap.ephemeral(bob.id).getFirst().contains(ann.id.toString()));
        }
    }

    @Test
    void who_just_joined_may_type_and_who_just_left_may_not() throws Exception {
        var talk = group(List.of(bob.id));
        assertEquals(204, typing(one, ann, talk).statusCode());
        assertEquals(404, typing(one, eve, talk).statusCode());
        var members = "/v1/conversations/" + talk + "/members";
        post(one, ann, members, "{\"user_ids\":[\"" + eve.id + "\"]}");
        assertEquals(204, typing(one, eve, talk).statusCode());
        one.send(as(eve, HttpRequest.newBuilder(one.uri(members + "/me")).DELETE()));
        assertEquals(404, typing(one, eve, talk).statusCode());
        assertEquals(404, typing(two, eve, talk).statusCode());
    }

    @Test
    void in_a_large_group_nobody_is_told() throws Exception {
        var many = new ArrayList<UserId>();
        try (var connection = POSTGRES.dataSource().getConnection();
                var rows = connection.prepareStatement("""
                        INSERT INTO users (id, username, display_name, search_name, created_at)
                        SELECT 1000 + i, 'crowd' || i, 'Crowd', 'crowd', now() FROM generate_series(1, 256) i RETURNING id
                        """)) {
            try (var ids = rows.executeQuery()) {
                while (ids.next()) {
                    many.add(new UserId(ids.getLong(1)));
                }
            }
        }
        var fits = new ArrayList<>(many.subList(0, Typing.MEMBERS_MAX - 2));
        fits.add(bob.id);
        var small = group(fits);
        fits.add(many.getLast());
        var large = group(fits);
        try (var tap = new LiveTap(REDIS, List.of(bob.id))) {
            assertEquals(204, typing(one, ann, large).statusCode());
            assertEquals(204, typing(one, ann, small).statusCode());
            Awaitility.await().until(() -> !tap.ephemeral(bob.id).isEmpty());
            assertEquals(1, tap.ephemeral(bob.id).size());
            assertTrue(tap.ephemeral(bob.id).getFirst().contains(small));
        }
    }

    @Test
    void a_body_may_be_missing_or_empty_and_says_nothing_else() throws Exception {
        var talk = group(List.of(bob.id));
        var path = "/v1/conversations/" + talk + "/typing";
        assertEquals(204, post(one, ann, path, "{}").statusCode());
        var refused = post(one, ann, path, "{\"state\":1}");
        assertEquals(400, refused.statusCode());
        assertEquals("unknown_field", body(refused).at("/code").textValue());
        assertEquals(400, post(one, ann, path, "[]").statusCode());
        assertEquals(
                401,
                one.send(HttpRequest.newBuilder(one.uri(path)).POST(BodyPublishers.noBody()))
                        .statusCode());
    }

    @Test
    void signs_are_limited_for_each_person() throws Exception {
        var talk = group(List.of(bob.id));
        var restless = signUp();
        for (int i = 0; i < TypingRoutes.PER_MINUTE; i++) {
            assertEquals(404, typing(one, restless, talk).statusCode());
        }
        HttpResponse<String> refused = typing(one, restless, talk);
        for (int i = 0; i < 5 && refused.statusCode() != 429; i++) {
            refused = typing(one, restless, talk); // bit by bit some came back meanwhile
        }
        assertEquals(429, refused.statusCode());
        assertTrue(refused.headers().firstValue("retry-after").isPresent());
        assertEquals(204, typing(one, ann, talk).statusCode());
    }

    private Person signUp() throws Exception {
        var name = "typist" + ++people;
        var answer = body(one.send(HttpRequest.newBuilder(one.uri("/v1/users"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(
                        "{\"username\":\"" + name + "\",\"password\":\"correct horse\",\"display_name\":\"P\"}"))));
        return new Person(
                UserId.parse(answer.at("/user/id").textValue()),
                answer.at("/session/access_token").textValue());
    }

    private String group(List<UserId> members) throws Exception {
        var ids = members.stream().map(id -> "\"" + id + "\"").collect(Collectors.joining(","));
        var answer =
                post(one, ann, "/v1/conversations", "{\"type\":\"group\",\"name\":\"g\",\"member_ids\":[" + ids + "]}");
        assertEquals(201, answer.statusCode(), answer.body());
        return body(answer).at("/id").textValue();
    }

    private static HttpResponse<String> typing(RunningSendApi node, Person person, String talk) throws Exception {
        var request = HttpRequest.newBuilder(node.uri("/v1/conversations/" + talk + "/typing"));
        return node.send(as(person, request.POST(BodyPublishers.noBody())));
    }

    private static HttpResponse<String> post(RunningSendApi node, Person person, String path, String body)
            throws Exception {
        return node.send(as(
                person,
                HttpRequest.newBuilder(node.uri(path))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body))));
    }

    private static HttpRequest.Builder as(Person person, HttpRequest.Builder request) {
        return request.header("Authorization", "Bearer " + person.token);
    }

    private static JsonNode body(HttpResponse<String> answer) throws Exception {
        return Json.MAPPER.readTree(answer.body());
    }
}
