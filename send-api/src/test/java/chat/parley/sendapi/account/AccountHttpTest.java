package chat.parley.sendapi.account;

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
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AccountHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final AtomicInteger NAMES = new AtomicInteger();
    private static final String PASSWORD = "correct horse";

    private RunningSendApi api;

    @BeforeAll
    void start() {
        api = RunningSendApi.start(POSTGRES, REDIS);
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void a_person_signs_up_and_is_who_they_say() throws Exception {
        var answer = post("/v1/users", signUp("Ann." + NAMES.incrementAndGet(), "Ann O'Nym \u2028 \uD83D\uDE00"));
        assertEquals(201, answer.statusCode(), answer.body());
        var made = json(answer);
        assertEquals(900, made.at("/session/expires_in").intValue());
        assertTrue(made.at("/user/username").textValue().startsWith("ann."));
        assertFalse(answer.headers().firstValue("set-cookie").isPresent(), "no browser, no cookie");

        var me = get("/v1/users/me", made);
        assertEquals(made.at("/user"), json(me));
        assertEquals(
                "Ann O'Nym \u2028 \uD83D\uDE00", json(me).at("/display_name").textValue());
        assertEquals(json(me), json(get("/v1/users/" + made.at("/user/id").textValue(), made)));
        assertEquals("no-store", me.headers().firstValue("cache-control").orElse(""));
    }

    @Test
    void bad_sign_ups_name_each_field() throws Exception {
        var answer =
                post("/v1/users", "{\"username\":\"a b!\",\"password\":\"pa55\",\"display_name\":\"line\\nline\"}");
        assertEquals(400, answer.statusCode());
        assertEquals("invalid_field", code(answer));
        var pointers = json(answer).at("/errors").findValuesAsText("pointer");
        assertEquals(List.of("/username", "/display_name", "/password"), pointers);
        assertFalse(answer.body().contains("pa55"), "a password is never repeated");

        for (var body : List.of("[]", "{", "{\"username\":1,\"password\":[],\"display_name\":{}}", "{}")) {
            assertEquals(400, post("/v1/users", body).statusCode(), body);
        }
        var unknown = post("/v1/users", "{\"admin\":true}");
        assertEquals("unknown_field", code(unknown));
    }

    @Test
    void a_name_is_taken_in_any_case_and_a_repeat_with_the_same_key_is_not() throws Exception {
        String name = "bob-" + NAMES.incrementAndGet();
        var first = send(request("/v1/users", signUp(name, "Bob")).header("Idempotency-Key", "k-" + name));
        assertEquals(201, first.statusCode(), first.body());
        assertEquals("username_taken", code(post("/v1/users", signUp(name.toUpperCase(Locale.ROOT), "Bob"))));
        var repeat = send(request("/v1/users", signUp(name, "Bob")).header("Idempotency-Key", "k-" + name));
        assertEquals(201, repeat.statusCode());
        assertEquals("true", repeat.headers().firstValue("idempotency-replayed").orElse(""));
        assertEquals(json(first).at("/user"), json(repeat).at("/user"));
        var other = send(request("/v1/users", signUp(name, "Bobby")).header("Idempotency-Key", "k-" + name));
        assertEquals(422, other.statusCode());
        var stranger = send(request("/v1/users", signUp(name, "Bob")).header("Idempotency-Key", "another"));
        assertEquals(409, stranger.statusCode());
    }

    @Test
    void a_wrong_password_and_an_unknown_name_get_the_same_answer() throws Exception {
        String name = person().at("/user/username").textValue();
        var wrong = post("/v1/sessions", "{\"username\":\"" + name + "\",\"password\":\"wrong horse\"}");
        var unknown = post("/v1/sessions", "{\"username\":\"nobody-at-all\",\"password\":\"wrong horse\"}");
        assertEquals(401, wrong.statusCode());
        assertEquals("bad_credentials", code(wrong));
        assertEquals(withoutRequestId(wrong), withoutRequestId(unknown));
        assertEquals(
                wrong.headers().firstValue("ratelimit-policy"),
                unknown.headers().firstValue("ratelimit-policy"));
    }

    @Test
    void the_eleventh_wrong_password_is_refused_and_says_when_to_come_back() throws Exception {
        String body = "{\"username\":\"guessed-" + NAMES.incrementAndGet() + "\",\"password\":\"bad\"}";
        for (int tries = 0; tries < LoginTries.PER_ACCOUNT; tries++) {
            assertEquals(401, post("/v1/sessions", body).statusCode());
        }
        var refused = post("/v1/sessions", body);
        assertEquals(429, refused.statusCode());
        assertEquals("too_many_requests", code(refused));
        long wait = Long.parseLong(refused.headers().firstValue("retry-after").orElseThrow());
        assertTrue(wait > 0 && wait <= 90, "the next try in " + wait);
        assertEquals(
                "\"login\";q=10;w=900",
                refused.headers().firstValue("ratelimit-policy").orElse(""));
        assertEquals(
                "\"login\";r=0;t=" + wait,
                refused.headers().firstValue("ratelimit").orElse(""));
    }

    @Test
    void a_session_is_refreshed_listed_and_ended() throws Exception {
        var person = person();
        var login = post("/v1/sessions", login(person));
        assertEquals(201, login.statusCode(), login.body());
        var session = json(login);

        var refreshed = post("/v1/sessions/refresh", refresh(session));
        assertEquals(200, refreshed.statusCode());
        assertNotEquals(session.at("/session/refresh_token"), json(refreshed).at("/session/refresh_token"));
        assertEquals(200, get("/v1/users/me", json(refreshed)).statusCode());

        var list = json(get("/v1/sessions", session)).at("/items");
        assertEquals(2, list.size());
        assertEquals(List.of("true", "false"), list.findValuesAsText("current"));

        String first = person.at("/session/id").textValue();
        assertEquals(204, delete("/v1/sessions/" + first, session).statusCode());
        assertEquals(404, delete("/v1/sessions/" + first, session).statusCode());
        assertEquals("unauthenticated", code(get("/v1/users/me", person)));
        assertEquals(204, delete("/v1/sessions/current", session).statusCode());
        assertEquals(401, get("/v1/users/me", json(refreshed)).statusCode());
    }

    @Test
    void a_refresh_token_used_twice_ends_the_session() throws Exception {
        var person = person();
        assertEquals(200, post("/v1/sessions/refresh", refresh(person)).statusCode());
        var reused = post("/v1/sessions/refresh", refresh(person));
        assertEquals(401, reused.statusCode());
        assertEquals(401, get("/v1/users/me", person).statusCode());
    }

    @Test
    void a_browser_gets_a_cookie_that_scripts_cannot_read() throws Exception {
        var answer = send(request("/v1/users", signUp("web-" + NAMES.incrementAndGet(), "Web"))
                .header("Origin", origin()));
        assertEquals(201, answer.statusCode(), answer.body());
        String cookie = answer.headers().firstValue("set-cookie").orElseThrow();
        assertTrue(cookie.startsWith("parley_session="), cookie);
        for (var attribute : List.of("; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=34560000")) {
            assertTrue(cookie.contains(attribute), cookie);
        }
        assertFalse(cookie.contains("Secure"), cookie);
        String pair = cookie.substring(0, cookie.indexOf(';'));
        assertEquals(
                200,
                send(HttpRequest.newBuilder(api.uri("/v1/users/me")).header("Cookie", pair))
                        .statusCode());

        assertWriteByCookie(pair, null, 403);
        assertWriteByCookie(pair, "https://evil.example", 403);
        assertWriteByCookie(pair, "null", 403);
        assertWriteByCookie(pair, origin().replace("http:", "https:"), 403);
        assertWriteByCookie(pair, origin(), 200);

        var out = send(HttpRequest.newBuilder(api.uri("/v1/sessions/current"))
                .header("Cookie", pair)
                .header("Origin", origin())
                .DELETE());
        assertEquals(204, out.statusCode());
        assertTrue(out.headers().firstValue("set-cookie").orElse("").startsWith("parley_session=; Path=/; Max-Age=0"));
        assertEquals(
                401,
                send(HttpRequest.newBuilder(api.uri("/v1/users/me")).header("Cookie", pair))
                        .statusCode());
    }

    @Test
    void a_login_from_a_page_of_another_origin_is_refused() throws Exception {
        var answer = send(request("/v1/sessions", login(person())).header("Origin", "https://evil.example"));
        assertEquals(403, answer.statusCode());
        assertEquals("origin_not_allowed", code(answer));
    }

    @Test
    void people_are_found_by_prefix_page_by_page() throws Exception {
        String prefix = "zed" + NAMES.incrementAndGet() + "_";
        var person = json(post("/v1/users", signUp(prefix + "a", "A")));
        post("/v1/users", signUp(prefix + "b", "B"));
        post("/v1/users", signUp("by-name-" + NAMES.incrementAndGet(), prefix.toUpperCase(Locale.ROOT) + "C"));
        var first = json(get("/v1/users?limit=2&query=" + prefix, person));
        assertEquals(List.of(prefix + "a", prefix + "b"), first.at("/items").findValuesAsText("username"));
        var second = json(get(
                "/v1/users?limit=2&query=" + prefix + "&after="
                        + first.at("/after").textValue(),
                person));
        assertEquals(1, second.at("/items").size());
        assertFalse(second.has("after"));
        for (var bad :
                List.of("", "?query=", "?query=a&limit=0", "?query=a&limit=x", "?query=a&after=x", "?query=%00")) {
            assertEquals(400, get("/v1/users" + bad, person).statusCode(), bad);
        }
    }

    @Test
    void a_profile_is_changed_by_its_owner_only() throws Exception {
        var person = person();
        var changed = send(authorized("/v1/users/me", person)
                .header("Content-Type", "application/json")
                .method("PATCH", BodyPublishers.ofString("{\"display_name\":\"New\"}")));
        assertEquals(200, changed.statusCode());
        assertEquals(
                "New", json(get("/v1/users/me", person)).at("/display_name").textValue());
        assertEquals(401, send(HttpRequest.newBuilder(api.uri("/v1/users/me"))).statusCode());
        assertEquals(404, get("/v1/users/nobody", person).statusCode());
        assertEquals(404, get("/v1/users/0000000000001", person).statusCode());
    }

    @Test
    void the_session_of_another_is_not_there() throws Exception {
        var owner = person();
        var stranger = person();
        String session = owner.at("/session/id").textValue();
        var theirs = delete("/v1/sessions/" + session, stranger);
        var nobodys = delete("/v1/sessions/0000000000001", stranger);
        var noId = delete("/v1/sessions/x", stranger);
        assertEquals(List.of(404, 404, 404), List.of(theirs.statusCode(), nobodys.statusCode(), noId.statusCode()));
        assertEquals("not_found", code(theirs));
        assertEquals(200, get("/v1/users/me", owner).statusCode());
    }

    @Test
    void a_ticket_is_for_the_stream_and_not_for_the_rest() throws Exception {
        var person = person();
        var answer = send(authorized("/v1/stream/tickets", person).POST(BodyPublishers.noBody()));
        assertEquals(201, answer.statusCode(), answer.body());
        assertEquals(30, json(answer).at("/expires_in").intValue());
        String ticket = json(answer).at("/ticket").textValue();
        assertEquals(
                401,
                send(HttpRequest.newBuilder(api.uri("/v1/users/me?ticket=" + ticket)))
                        .statusCode());
    }

    @Test
    void the_public_keys_are_served_without_their_private_parts() throws Exception {
        person();
        var keys = send(HttpRequest.newBuilder(api.uri("/.well-known/jwks.json")));
        assertEquals(200, keys.statusCode());
        var key = json(keys).at("/keys/0");
        assertEquals("ES256", key.at("/alg").textValue());
        assertFalse(key.has("d"));
    }

    @Test
    void every_refused_token_gets_the_same_bytes() throws Exception {
        var person = person();
        String token = person.at("/session/access_token").textValue();
        var parts = token.split("\\.", -1);
        var bodies = new HashSet<String>();
        for (var forged : List.of(
                "x",
                parts[0] + "." + parts[1] + ".",
                parts[0] + "." + parts[1] + "." + "A".repeat(86),
                "eyJhbGciOiJub25lIn0." + parts[1] + ".",
                "A".repeat(9_000))) {
            var answer =
                    send(HttpRequest.newBuilder(api.uri("/v1/users/me")).header("Authorization", "Bearer " + forged));
            assertEquals(401, answer.statusCode());
            bodies.add(withoutRequestId(answer));
        }
        bodies.add(withoutRequestId(send(HttpRequest.newBuilder(api.uri("/v1/users/me")))));
        assertEquals(1, bodies.size());
    }

    private void assertWriteByCookie(String cookie, @Nullable String origin, int status) throws Exception {
        var write = HttpRequest.newBuilder(api.uri("/v1/users/me"))
                .header("Cookie", cookie)
                .header("Content-Type", "application/json")
                .method("PATCH", BodyPublishers.ofString("{}"));
        assertEquals(
                status,
                send(origin == null ? write : write.header("Origin", origin)).statusCode());
    }

    private JsonNode person() throws Exception {
        return json(post("/v1/users", signUp("person-" + NAMES.incrementAndGet(), "Person")));
    }

    private static String signUp(String username, String displayName) {
        return Json.MAPPER
                .createObjectNode()
                .put("username", username)
                .put("password", PASSWORD)
                .put("display_name", displayName)
                .toString();
    }

    private static String login(JsonNode person) {
        return "{\"username\":\"" + person.at("/user/username").textValue() + "\",\"password\":\"" + PASSWORD + "\"}";
    }

    private static String refresh(JsonNode session) {
        return "{\"refresh_token\":\"" + session.at("/session/refresh_token").textValue() + "\"}";
    }

    private String origin() {
        return "http://" + api.uri("").getAuthority();
    }

    private HttpRequest.Builder request(String path, String body) {
        return HttpRequest.newBuilder(api.uri(path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body));
    }

    private HttpRequest.Builder authorized(String path, JsonNode session) {
        return HttpRequest.newBuilder(api.uri(path))
                .header(
                        "Authorization",
                        "Bearer " + session.at("/session/access_token").textValue());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return send(request(path, body));
    }

    private HttpResponse<String> get(String path, JsonNode session) throws Exception {
        return send(authorized(path, session));
    }

    private HttpResponse<String> delete(String path, JsonNode session) throws Exception {
        return send(authorized(path, session).DELETE());
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return api.send(request);
    }

    private static JsonNode json(HttpResponse<String> answer) throws Exception {
        return Json.MAPPER.readTree(answer.body());
    }

    private static String code(HttpResponse<String> answer) throws Exception {
        return json(answer).at("/code").textValue();
    }

    private static String withoutRequestId(HttpResponse<String> answer) {
        return answer.body().replaceFirst("\"request_id\":\"[^\"]*\"", "");
    }
}
