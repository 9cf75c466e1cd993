package chat.parley.sendapi.device;

import static chat.parley.sendapi.People.code;
import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.refusal;
import static chat.parley.sendapi.People.texts;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.LiveFrame;
import chat.parley.id.DeviceId;
import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.json.Json;
import chat.parley.push.PushJob;
import chat.parley.push.PushJobs;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.sendapi.People;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.LiveTap;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeviceHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final AtomicInteger NAMES = new AtomicInteger();

    /** The example of RFC 8291: a point that lies on the curve. */
    private static final String P256DH =
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

    private static final String AUTH = "BTBZMqHH6r4Tts7J_aSIgg";

    private static final String APNS_TOKEN = "00FC13ADFF785122B4AD28809A3420982341241421348097878E577C991DE8F0";

    private RunningSendApi api;
    private People people;
    private Person ann;

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        people = new People(api);
    }

    @BeforeEach
    void somebodyNew() throws Exception {
        ann = people.signUp();
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void a_device_is_registered_listed_renewed_and_removed_and_its_secrets_are_never_told() throws Exception {
        var made = put(ann, "phone-1", "{\"vendor\":\"fcm\",\"token\":\"secret:token-1\",\"locale\":\"pt-br\"}");
        assertEquals(201, made.statusCode());
        var device = json(made);
        assertEquals("phone-1", device.at("/id").textValue());
        assertEquals("fcm", device.at("/vendor").textValue());
        assertEquals("pt-BR", device.at("/locale").textValue());
        assertEquals("foreground", device.at("/state").textValue());
        assertTrue(device.has("registered_at"));
        assertEquals(5, device.size(), "and nothing else: " + device);

        var again = put(ann, "phone-1", "{\"vendor\":\"fcm\",\"token\":\"secret:token-2\",\"state\":\"background\"}");
        assertEquals(200, again.statusCode());
        assertEquals("en", json(again).at("/locale").textValue());
        assertEquals("background", json(again).at("/state").textValue());
        var listed = people.get(ann, "/v1/devices");
        assertEquals(json(again), json(listed).at("/items/0"));
        assertFalse((made.body() + again.body() + listed.body()).contains("secret"));

        assertEquals(204, people.delete(ann, "/v1/devices/phone-1").statusCode());
        assertEquals("not_found", code(people.delete(ann, "/v1/devices/phone-1")));
        assertEquals(List.of(), ids(ann));
    }

    @Test
    void a_browser_sends_its_subscription_as_it_is() throws Exception {
        // What JSON.stringify makes of a PushSubscription.
        var body = """
                {"vendor":"web_push","subscription":{"endpoint":"https://push.example/send/abc","expirationTime":null,
                 "keys":{"p256dh":"%s","auth":"%s"}}}""".formatted(P256DH, AUTH);
        var made = put(ann, "browser", body);
        assertEquals(201, made.statusCode(), made.body());
        assertEquals("web_push", json(made).at("/vendor").textValue());
        assertFalse(made.body().contains("push.example"));
    }

    @Test
    void an_apple_token_is_the_same_in_upper_and_lower_case() throws Exception {
        var body = "{\"vendor\":\"apns\",\"token\":\"%s\",\"topic\":\"chat.example.app\",\"environment\":\"sandbox\"}";
        assertEquals(201, put(ann, "iphone", body.formatted(APNS_TOKEN)).statusCode());
        var bob = people.signUp();
        assertEquals(
                201,
                put(bob, "his-iphone", body.formatted(APNS_TOKEN.toLowerCase(Locale.ROOT)))
                        .statusCode());
        assertEquals(List.of(), ids(ann), "who logs in on another's phone takes it over");
        assertEquals(List.of("his-iphone"), ids(bob));
    }

    @Test
    void what_is_no_registration_is_refused_and_changes_nothing() throws Exception {
        var long2049 = "https://push.example/" + "a".repeat(2_028);
        var wrong = Map.ofEntries(
                Map.entry("{}", "/vendor required"),
                Map.entry("{\"vendor\":\"pigeon\",\"token\":\"t\"}", "/vendor not_a_choice"),
                Map.entry("{\"vendor\":\"fcm\"}", "/token required"),
                Map.entry("{\"vendor\":\"fcm\",\"token\":\"\"}", "/token too_short"),
                Map.entry("{\"vendor\":\"fcm\",\"token\":\"" + "t".repeat(4_097) + "\"}", "/token too_long"),
                Map.entry("{\"vendor\":\"fcm\",\"token\":\"a b\"}", "/token not_a_token"),
                Map.entry("{\"vendor\":\"fcm\",\"token\":\"a\\u0000\"}", "/token nul"),
                Map.entry("{\"vendor\":\"fcm\",\"token\":\"t\",\"topic\":\"a.b\"}", "/topic unknown_field"),
                Map.entry("{\"vendor\":\"fcm\",\"token\":\"t\",\"locale\":\"x\"}", "/locale not_a_locale"),
                Map.entry("{\"vendor\":\"fcm\",\"token\":\"t\",\"locale\":\"en_US\"}", "/locale not_a_locale"),
                Map.entry("{\"vendor\":\"fcm\",\"token\":\"t\",\"locale\":\"\"}", "/locale too_short"),
                Map.entry("{\"vendor\":\"fcm\",\"token\":\"t\",\"state\":\"asleep\"}", "/state not_a_choice"),
                Map.entry(apns("0".repeat(63), "a.b"), "/token not_a_token"),
                Map.entry(apns("0".repeat(62), "a.b"), "/token not_a_token"),
                Map.entry(apns("0".repeat(202), "a.b"), "/token too_long"),
                Map.entry(apns("g".repeat(64), "a.b"), "/token not_a_token"),
                Map.entry(apns(APNS_TOKEN, "a b"), "/topic not_a_bundle_id"),
                Map.entry(apns(APNS_TOKEN, "a..b"), "/topic not_a_bundle_id"),
                Map.entry(apns(APNS_TOKEN, "a\",\"environment\":\"moon"), "/environment not_a_choice"),
                Map.entry("{\"vendor\":\"apns\",\"token\":\"" + APNS_TOKEN + "\"}", "/topic required"),
                Map.entry("{\"vendor\":\"web_push\"}", "/subscription required"),
                Map.entry("{\"vendor\":\"web_push\",\"subscription\":\"x\"}", "/subscription not_an_object"),
                Map.entry(
                        "{\"vendor\":\"web_push\",\"subscription\":{\"endpoint\":\"https://push.example/\"}}",
                        "/subscription/keys required"),
                Map.entry(webPush("not an address", P256DH, AUTH), "/subscription/endpoint not_an_address"),
                Map.entry(webPush("https:///path", P256DH, AUTH), "/subscription not_a_subscription"),
                Map.entry(webPush("http://push.example/", P256DH, AUTH), "/subscription not_a_subscription"),
                Map.entry(webPush("https://a:b@push.example/", P256DH, AUTH), "/subscription not_a_subscription"),
                Map.entry(webPush("https://127.0.0.1/", P256DH, AUTH), "/subscription not_a_subscription"),
                Map.entry(webPush("https://10.1.2.3/", P256DH, AUTH), "/subscription not_a_subscription"),
                Map.entry(webPush("https://localhost/", P256DH, AUTH), "/subscription not_a_subscription"),
                Map.entry(webPush(long2049, P256DH, AUTH), "/subscription not_a_subscription"),
                Map.entry(
                        webPush("https://push.example/", P256DH.substring(1), AUTH),
                        "/subscription not_a_subscription"),
                Map.entry(
                        webPush("https://push.example/", P256DH.replace("zTZsEc6", "zTZsEc7"), AUTH),
                        "/subscription not_a_subscription"),
                Map.entry(
                        webPush("https://push.example/", P256DH, AUTH.substring(2)),
                        "/subscription not_a_subscription"));
        for (var each : wrong.entrySet()) {
            // Somebody new each time: only so many are let through in a minute.
            assertEquals(each.getValue(), refusal(put(people.signUp(), "phone", each.getKey())), each.getKey());
        }
        assertEquals("device not_a_device_id", refusal(put(ann, "a.b", fcm("t"))));
        assertEquals("device not_a_device_id", refusal(put(ann, "a".repeat(65), fcm("t"))));
        assertEquals(List.of(), ids(ann));
        assertEquals(201, put(ann, "a".repeat(64), fcm("t".repeat(4_096))).statusCode());
    }

    @Test
    void devices_of_others_answer_as_those_that_never_were() throws Exception {
        assertEquals(201, put(ann, "phone", fcm("foreign")).statusCode());
        var eve = people.signUp();
        for (var id : List.of("phone", "never-was", "no%2Eid")) {
            assertEquals("not_found", code(people.delete(eve, "/v1/devices/" + id)), id);
            assertEquals("not_found", code(state(eve, id, "{\"state\":\"background\"}")), id);
        }
        assertEquals(
                "foreground",
                json(people.get(ann, "/v1/devices")).at("/items/0/state").textValue());
        assertEquals(401, people.send("GET", null, "/v1/devices", null, null).statusCode());
    }

    @Test
    void going_into_the_background_hints_and_closes_the_streams_of_this_login_only() throws Exception {
        var session = SessionId.parse(sessionOf(ann));
        assertEquals(201, put(ann, "phone", fcm("background")).statusCode());
        assertFalse(isHinted(ann));
        try (var tap = new LiveTap(REDIS, List.of(user(ann)))) {
            assertEquals(204, state(ann, "phone", "{\"state\":\"background\"}").statusCode());
            assertTrue(isHinted(ann));
            Awaitility.await().until(() -> !tap.heard().isEmpty());
            assertEquals(204, state(ann, "phone", "{\"state\":\"foreground\"}").statusCode());
            assertFalse(isHinted(ann));
            assertEquals(
                    List.of(new LiveFrame.SessionPaused(session)),
                    tap.heard().stream().map(LiveTap.Heard::frame).toList());
        }
        assertEquals("/state required", refusal(state(ann, "phone", "{}")));
        assertEquals("/state not_a_choice", refusal(state(ann, "phone", "{\"state\":\"gone\"}")));
    }

    @Test
    void the_hint_follows_registering_and_removing_and_a_device_that_changes_hands() throws Exception {
        var background = "{\"vendor\":\"fcm\",\"token\":\"hands\",\"state\":\"background\"}";
        assertEquals(201, put(ann, "phone", background).statusCode());
        assertTrue(isHinted(ann));
        var bob = people.signUp();
        assertEquals(201, put(bob, "phone", background).statusCode());
        assertFalse(isHinted(ann));
        assertTrue(isHinted(bob));
        assertEquals(204, people.delete(bob, "/v1/devices/phone").statusCode());
        assertFalse(isHinted(bob));
    }

    @Test
    void a_page_that_goes_says_so_by_a_beacon() throws Exception {
        var browser = api.send(HttpRequest.newBuilder(api.uri("/v1/users"))
                .header("Content-Type", "application/json")
                .header("Origin", origin())
                .POST(BodyPublishers.ofString("""
                        {"username":"beacon%d","password":"correct horse","display_name":"B"}""".formatted(NAMES.incrementAndGet()))));
        var signedUp = json(browser);
        var person = new Person(
                api,
                signedUp.at("/user/id").textValue(),
                signedUp.at("/session/access_token").textValue());
        var setCookie = browser.headers().firstValue("set-cookie").orElseThrow();
        var cookie = setCookie.substring(0, setCookie.indexOf(';'));
        assertEquals(201, put(person, "browser", fcm("beacon")).statusCode());

        // What Chromium sends for a string, and for a Blob of type application/json.
        assertEquals(
                204,
                beacon(cookie, origin(), "text/plain;charset=UTF-8", "background")
                        .statusCode());
        assertEquals("background", stateOf(person));
        assertEquals(
                204, beacon(cookie, origin(), "application/json", "foreground").statusCode());
        assertEquals("foreground", stateOf(person));

        assertEquals("origin_not_allowed", code(beacon(cookie, null, "text/plain;charset=UTF-8", "background")));
        assertEquals(
                "origin_not_allowed",
                code(beacon(cookie, "https://evil.example", "text/plain;charset=UTF-8", "background")));
        assertEquals(
                "unsupported_media_type",
                code(beacon(cookie, origin(), "application/x-www-form-urlencoded", "background")));
        assertEquals("foreground", stateOf(person));
    }

    @Test
    void a_login_that_ends_takes_its_devices_along_and_no_others() throws Exception {
        assertEquals(201, put(ann, "phone", fcm("logout-phone")).statusCode());
        var elsewhere = logInAgain();
        assertEquals(201, put(elsewhere, "tablet", fcm("logout-tablet")).statusCode());
        assertEquals(List.of("tablet", "phone"), ids(elsewhere));
        assertEquals(204, people.delete(ann, "/v1/sessions/" + sessionOf(ann)).statusCode());
        assertEquals(List.of("tablet"), ids(elsewhere));
        assertEquals("not_found", code(state(elsewhere, "phone", "{\"state\":\"background\"}")));
        // Whoever logs in there again registers it again, under its old name.
        assertEquals(200, put(elsewhere, "phone", fcm("logout-phone")).statusCode());
        assertEquals(List.of("phone", "tablet"), ids(elsewhere));
    }

    @Test
    void registrations_and_states_are_limited_for_each_person() throws Exception {
        assertLimited("device", DeviceRoutes.CHANGES_PER_MINUTE, () -> put(ann, "phone", fcm("limit")));
        assertLimited(
                "device_state",
                DeviceRoutes.STATES_PER_MINUTE,
                () -> state(ann, "phone", "{\"state\":\"foreground\"}"));
        assertLimited(
                "device_test", DeviceRoutes.TESTS_PER_MINUTE, () -> people.post(ann, "/v1/devices/phone/test", null));
        assertEquals(201, put(people.signUp(), "phone", fcm("limit-other")).statusCode());
    }

    /** The quota comes back bit by bit while the test runs, so some more than that may get through. */
    private static void assertLimited(String policy, int quota, Callable<HttpResponse<String>> request)
            throws Exception {
        int passed = 0;
        var answer = request.call();
        while (answer.statusCode() < 300) {
            passed++;
            assertTrue(passed <= 2 * quota, policy + " is not limited");
            answer = request.call();
        }
        assertEquals(429, answer.statusCode());
        assertTrue(passed >= quota, policy + " after " + passed);
        assertEquals(
                "\"" + policy + "\";q=" + quota + ";w=60",
                answer.headers().firstValue("RateLimit-Policy").orElseThrow());
    }

    @Test
    void a_test_push_is_queued_for_the_one_device() throws Exception {
        assertEquals(201, put(ann, "phone", fcm("test-push")).statusCode());
        assertEquals("not_found", code(people.post(ann, "/v1/devices/tablet/test", null)));
        assertEquals("not_found", code(people.post(people.signUp(), "/v1/devices/phone/test", null)));
        assertEquals(202, people.post(ann, "/v1/devices/phone/test", null).statusCode());
        try (var redis = Redis.open(URI.create(REDIS.uri()), 2)) {
            var jobs = new PushJobs(redis).claim(10).jobs();
            assertEquals(1, jobs.size());
            var job = assertInstanceOf(PushJob.Test.class, jobs.getFirst().job());
            assertEquals(user(ann), job.user());
            assertEquals(new PushJob.Only(new DeviceId("phone"), 0), job.only());
        }
    }

    @Test
    void the_key_for_subscriptions_is_public_stays_and_may_be_kept() throws Exception {
        var answer = people.send("GET", null, "/v1/web-push-key", null, null);
        String key = json(answer).at("/public_key").textValue();
        assertEquals(87, key.length());
        assertTrue(key.startsWith("B"), key);
        assertEquals(
                "public, max-age=3600",
                answer.headers().firstValue("Cache-Control").orElseThrow());
        assertEquals(answer.body(), people.get(ann, "/v1/web-push-key").body());
    }

    @Test
    void registrations_are_counted_by_vendor_and_outcome() throws Exception {
        put(ann, "phone", apns(APNS_TOKEN.replace('F', 'A'), "count.example"));
        put(ann, "phone", apns(APNS_TOKEN.replace('F', 'A'), "count.example"));
        put(ann, "phone", apns("x", "count.example"));
        put(ann, "phone", "{\"vendor\":\"pigeon\"}");
        var metrics = api.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.metricsPort() + "/metrics")))
                .body();
        for (var series : List.of(
                "outcome=\"created\",vendor=\"apns\"",
                "outcome=\"renewed\",vendor=\"apns\"",
                "outcome=\"refused\",vendor=\"apns\"",
                "outcome=\"refused\",vendor=\"none\"")) {
            assertTrue(metrics.contains("parley_devices_registrations_total{" + series + "}"), series + metrics);
        }
    }

    private static String fcm(String token) {
        return "{\"vendor\":\"fcm\",\"token\":\"" + token + "\"}";
    }

    private static String apns(String token, String topic) {
        return "{\"vendor\":\"apns\",\"token\":\"" + token + "\",\"topic\":\"" + topic + "\"}";
    }

    private static String webPush(String endpoint, String p256dh, String auth) {
        return "{\"vendor\":\"web_push\",\"subscription\":{\"endpoint\":\"" + endpoint + "\",\"keys\":{\"p256dh\":\""
                + p256dh + "\",\"auth\":\"" + auth + "\"}}}";
    }

    private HttpResponse<String> put(Person who, String id, String body) throws Exception {
        return people.send("PUT", who, "/v1/devices/" + id, body);
    }

    private HttpResponse<String> state(Person who, String id, String body) throws Exception {
        return people.post(who, "/v1/devices/" + id + "/state", body);
    }

    private HttpResponse<String> beacon(String cookie, @Nullable String origin, String type, String state)
            throws Exception {
        var request = HttpRequest.newBuilder(api.uri("/v1/devices/browser/state"))
                .header("Cookie", cookie)
                .header("Content-Type", type)
                .POST(BodyPublishers.ofString("{\"state\":\"" + state + "\"}"));
        return api.send(origin == null ? request : request.header("Origin", origin));
    }

    private String origin() {
        return api.uri("").toString();
    }

    private List<String> ids(Person who) throws Exception {
        return texts(json(people.get(who, "/v1/devices")).at("/items"), "id");
    }

    private String stateOf(Person who) throws Exception {
        return json(people.get(who, "/v1/devices")).at("/items/0/state").textValue();
    }

    /** The login that asks. */
    private String sessionOf(Person who) throws Exception {
        for (JsonNode session : json(people.get(who, "/v1/sessions")).at("/items")) {
            if (session.at("/current").booleanValue()) {
                return session.at("/id").textValue();
            }
        }
        throw new AssertionError("no session is the current one");
    }

    /** {@link #ann} on another device. */
    private Person logInAgain() throws Exception {
        String username = json(people.get(ann, "/v1/users/me")).at("/username").textValue();
        var answer = people.send(
                "POST",
                null,
                "/v1/sessions",
                "{\"username\":\"" + username + "\",\"password\":\"correct horse\"}",
                null);
        return new Person(
                api,
                ann.id(),
                Json.MAPPER.readTree(answer.body()).at("/session/access_token").textValue());
    }

    private static UserId user(Person who) {
        return UserId.parse(who.id());
    }

    private static boolean isHinted(Person who) {
        try (var jedis = REDIS.jedis()) {
            return jedis.exists(RedisKeys.background(user(who)));
        }
    }
}
