package chat.parley.sendapi.receipt;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.UserId;
import chat.parley.json.Json;
import chat.parley.redis.RedisKeys;
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
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReceiptHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final String UNKNOWN_ID = "0000000000009";

    private RunningSendApi api;
    private Person ann;
    private Person bob;
    private Person carol;
    private String talk;

    private record Person(String id, String token) {}

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @BeforeEach
    void talk() throws Exception {
        ann = signUp();
        bob = signUp();
        carol = signUp();
        talk = group(ann, bob, carol);
        for (int i = 0; i < 5; i++) {
            send(ann, talk);
        }
    }

    @Test
    void marks_move_and_are_shown_to_me_and_to_others() throws Exception {
        assertEquals(5, get(bob, talkPath("")).at("/me/unread_count").intValue());
        assertEquals(
                "{\"conversation_id\":\"" + talk + "\",\"read_seq\":0,\"delivered_seq\":4}",
                put(bob, talkPath("/delivered"), "{\"seq\":4}").toString());
        assertEquals(
                "{\"conversation_id\":\"" + talk + "\",\"read_seq\":3,\"delivered_seq\":4}",
                put(bob, talkPath("/read"), "{\"seq\":3}").toString());
        assertEquals(
                "{\"conversation_id\":\"" + talk + "\",\"read_seq\":3,\"delivered_seq\":4}",
                put(bob, talkPath("/read"), "{\"seq\":1}").toString());
        var me = get(bob, talkPath("")).at("/me");
        assertEquals("3 4 2", me.at("/read_seq") + " " + me.at("/delivered_seq") + " " + me.at("/unread_count"));
        var inList = get(bob, "/v1/conversations").at("/items/0/me");
        assertEquals(me, inList);
        var members = get(ann, talkPath("/members")).at("/items");
        for (var member : members) {
            if (member.at("/user_id").textValue().equals(bob.id())) {
                assertEquals("3 4", member.at("/read_seq") + " " + member.at("/delivered_seq"));
            }
        }
    }

    @Test
    void unread_is_known_in_all_and_never_counts_my_own() throws Exception {
        String other = group(bob, ann);
        send(bob, other);
        send(ann, other);
        assertEquals(
                "{\"unread_count\":6,\"conversations\":2}",
                get(bob, "/v1/users/me/unread").toString());
        put(bob, talkPath("/read"), "{\"seq\":5}");
        assertEquals(
                "{\"unread_count\":1,\"conversations\":1}",
                get(bob, "/v1/users/me/unread").toString());
        assertEquals(
                "{\"unread_count\":0,\"conversations\":0}",
                get(ann, "/v1/users/me/unread").toString());
    }

    @Test
    void members_are_told_once_of_many_moves_and_no_row_is_left() throws Exception {
        int moves = 20;
        for (int seq = 6; seq <= moves; seq++) {
            send(ann, talk);
        }
        for (int seq = 1; seq <= moves; seq++) {
            put(bob, talkPath("/delivered"), "{\"seq\":" + seq + "}");
        }
        put(bob, talkPath("/read"), "{\"seq\":3}");
        for (var reader : List.of(ann, bob, carol)) {
            await().untilAsserted(() -> assertEquals(
                    List.of("3:", ":20"), lastOfEach(marks(reader, bob)), "the marks that " + reader + " was told"));
            assertForward(marks(reader, bob));
        }
        await().untilAsserted(() -> assertEquals(0, rows("SELECT count(*) FROM outbox WHERE kind = 8")));
        assertTrue(marks(ann, bob).size() < moves, () -> marks(ann, bob).toString());
        assertEquals(0, rows("SELECT count(*) FROM outbox WHERE kind = 8 AND set_aside_at IS NOT NULL"));
    }

    @Test
    void who_left_is_told_nothing_and_finds_nothing() throws Exception {
        call("DELETE", ann, talkPath("/members/" + carol.id()), null);
        assertEquals(404, call("PUT", carol, talkPath("/read"), "{\"seq\":1}").statusCode());
        put(bob, talkPath("/read"), "{\"seq\":2}");
        await().untilAsserted(() -> assertEquals(List.of("2:"), marks(ann, bob)));
        assertEquals(List.of(), marks(carol, bob));
    }

    @Test
    void in_a_large_conversation_only_my_own_devices_are_told() throws Exception {
        execute("UPDATE conversation SET member_count = 257 WHERE last_seq = 5 AND created_by = "
                + UserId.parse(ann.id()).value());
        put(bob, talkPath("/read"), "{\"seq\":2}");
        await().untilAsserted(() -> assertEquals(List.of("2:"), marks(bob, bob)));
        assertEquals(List.of(), marks(ann, bob));
    }

    @Test
    void many_marks_go_in_one_request_each_for_itself() throws Exception {
        String other = group(bob, ann);
        send(ann, other);
        String foreign = group(ann, carol);
        send(ann, foreign);
        var answer = post(
                bob,
                "/v1/receipts",
                "{\"receipts\":["
                        + "{\"conversation_id\":\"" + talk + "\",\"read_seq\":2,\"delivered_seq\":5},"
                        + "{\"conversation_id\":\"" + foreign + "\",\"read_seq\":1},"
                        + "{\"conversation_id\":\"" + UNKNOWN_ID + "\",\"read_seq\":1},"
                        + "{\"conversation_id\":\"" + other + "\",\"delivered_seq\":1},"
                        + "{\"conversation_id\":\"" + other + "\",\"read_seq\":2}]}");
        assertEquals(
                "{\"items\":[{\"conversation_id\":\"" + talk + "\",\"read_seq\":2,\"delivered_seq\":5},"
                        + "{\"conversation_id\":\"" + other + "\",\"read_seq\":0,\"delivered_seq\":1}],"
                        + "\"errors\":[{\"pointer\":\"/receipts/1/conversation_id\",\"code\":\"not_found\"},"
                        + "{\"pointer\":\"/receipts/2/conversation_id\",\"code\":\"not_found\"},"
                        + "{\"pointer\":\"/receipts/4\",\"code\":\"beyond_last\"}]}",
                answer.toString());
        assertEquals(
                0,
                rows("SELECT count(*) FROM member WHERE read_seq > 0 AND user_id = "
                        + UserId.parse(carol.id()).value()));
    }

    @Test
    void who_has_a_message_is_answered_by_page_and_count() throws Exception {
        put(bob, talkPath("/read"), "{\"seq\":5}");
        put(carol, talkPath("/delivered"), "{\"seq\":4}");
        var of4 = get(ann, talkPath("/messages/4/receipts?limit=1"));
        assertEquals(
                "{\"recipients\":2,\"read\":1,\"delivered\":2}",
                of4.at("/counts").toString());
        assertEquals(1, of4.at("/items").size());
        var rest = get(
                carol,
                talkPath(
                        "/messages/4/receipts?limit=1&after=" + of4.at("/after").textValue()));
        assertFalse(rest.has("after"));
        var all = new ArrayList<String>();
        all.add(of4.at("/items/0").toString());
        all.add(rest.at("/items/0").toString());
        all.sort(null);
        var expected = new ArrayList<>(List.of(
                "{\"user_id\":\"" + bob.id() + "\",\"read_seq\":5,\"delivered_seq\":5}",
                "{\"user_id\":\"" + carol.id() + "\",\"read_seq\":0,\"delivered_seq\":4}"));
        expected.sort(null);
        assertEquals(expected, all);
        var of5 = get(ann, talkPath("/messages/5/receipts"));
        assertEquals(
                "{\"recipients\":2,\"read\":1,\"delivered\":1}",
                of5.at("/counts").toString());
    }

    @Test
    void strangers_get_the_answer_of_what_does_not_exist() throws Exception {
        var eve = signUp();
        for (String conversation : List.of(talk, UNKNOWN_ID, "nonsense")) {
            String path = "/v1/conversations/" + conversation;
            var answers = new ArrayList<HttpResponse<String>>();
            answers.add(call("PUT", eve, path + "/read", "{\"seq\":1}"));
            answers.add(call("PUT", eve, path + "/delivered", "{\"seq\":99}"));
            answers.add(call("GET", eve, path + "/messages/1/receipts", null));
            for (var answer : answers) {
                assertEquals(404, answer.statusCode(), answer.body());
            }
        }
        for (String seq : List.of("6", "0", "-1", "x", "99999999999999999999")) {
            assertEquals(
                    404,
                    call("GET", bob, talkPath("/messages/" + seq + "/receipts"), null)
                            .statusCode());
        }
        call("POST", ann, talkPath("/members"), "{\"user_ids\":[\"" + eve.id() + "\"]}");
        assertEquals(
                404, call("GET", eve, talkPath("/messages/5/receipts"), null).statusCode(), "from before joining");
    }

    @Test
    void bad_input_is_named_and_changes_nothing() throws Exception {
        assertEquals("/seq beyond_last", refusal(call("PUT", bob, talkPath("/read"), "{\"seq\":6}")));
        assertEquals("/seq beyond_last", refusal(call("PUT", bob, talkPath("/delivered"), "{\"seq\":6}")));
        assertEquals("/seq required", refusal(call("PUT", bob, talkPath("/read"), "{}")));
        assertEquals("/seq out_of_range", refusal(call("PUT", bob, talkPath("/read"), "{\"seq\":-1}")));
        assertEquals("/seq beyond_last", refusal(call("PUT", bob, talkPath("/read"), "{\"seq\":9223372036854775807}")));
        assertEquals("/seq not_a_seq", refusal(call("PUT", bob, talkPath("/read"), "{\"seq\":99999999999999999999}")));
        for (String wrong : List.of("\"3\"", "1.5", "true", "[]")) {
            assertEquals("/seq not_a_seq", refusal(call("PUT", bob, talkPath("/read"), "{\"seq\":" + wrong + "}")));
        }
        assertEquals("/x unknown_field", refusal(call("PUT", bob, talkPath("/read"), "{\"seq\":1,\"x\":1}")));
        assertEquals("/receipts required", refusal(call("POST", bob, "/v1/receipts", "{}")));
        assertEquals("/receipts not_a_list", refusal(call("POST", bob, "/v1/receipts", "{\"receipts\":{}}")));
        assertEquals("/receipts not_an_object", refusal(call("POST", bob, "/v1/receipts", "{\"receipts\":[1]}")));
        String good = "{\"conversation_id\":\"" + talk + "\",\"read_seq\":1}";
        assertEquals(
                "/receipts/1/read_seq read_seq_or_delivered_seq",
                refusal(receipts(good, "{\"conversation_id\":\"" + talk + "\"}")));
        assertEquals(
                "/receipts/1/conversation_id not_an_id",
                refusal(receipts(good, "{\"conversation_id\":\"x\",\"read_seq\":1}")));
        assertEquals("/receipts/1/conversation_id required", refusal(receipts(good, "{\"read_seq\":1}")));
        assertEquals(
                "/receipts/1/until unknown_field",
                refusal(receipts(good, "{\"conversation_id\":\"" + talk + "\",\"until\":1}")));
        String many = IntStream.range(0, 201).mapToObj(i -> good).collect(Collectors.joining(","));
        assertEquals("/receipts too_long", refusal(receipts(many)));
        assertEquals("limit out_of_range", refusal(call("GET", bob, talkPath("/messages/1/receipts?limit=201"), null)));
        assertEquals("after not_a_cursor", refusal(call("GET", bob, talkPath("/messages/1/receipts?after=x"), null)));
        assertEquals(0, get(bob, talkPath("")).at("/me/delivered_seq").intValue());
    }

    private HttpResponse<String> receipts(String... items) throws Exception {
        return call("POST", bob, "/v1/receipts", "{\"receipts\":[" + String.join(",", items) + "]}");
    }

    /** What {@code reader}'s stream holds of {@code mover}'s marks, as {@code read:delivered}, one of them empty. */
    private List<String> marks(Person reader, Person mover) {
        String start = "a:" + talk + ":" + mover.id() + ":";
        try (var redis = REDIS.jedis()) {
            return redis.xrange(RedisKeys.stream(UserId.parse(reader.id())), "-", "+").stream()
                    .map(entry ->
                            List.copyOf(entry.getFields().values()).getFirst().split("[ \\n]", -1)[2])
                    .filter(key -> key.startsWith(start))
                    .map(key -> key.substring(start.length()))
                    .toList();
        }
    }

    private static List<String> lastOfEach(List<String> marks) {
        var last = new ArrayList<String>();
        marks.stream()
                .filter(mark -> mark.endsWith(":"))
                .reduce((one, other) -> other)
                .ifPresent(last::add);
        marks.stream()
                .filter(mark -> mark.startsWith(":"))
                .reduce((one, other) -> other)
                .ifPresent(last::add);
        return last;
    }

    private static void assertForward(List<String> marks) {
        for (String end : List.of("\\d+:", ":\\d+")) {
            var numbers = marks.stream()
                    .filter(mark -> mark.matches(end))
                    .map(mark -> Integer.valueOf(mark.replace(":", "")))
                    .toList();
            assertEquals(numbers.stream().sorted().toList(), numbers);
        }
    }

    private String talkPath(String rest) {
        return "/v1/conversations/" + talk + rest;
    }

    @Test
    void reading_has_what_is_shown_elsewhere_taken_back_and_delivering_does_not() throws Exception {
        try (var redis = REDIS.jedis()) {
            var user = UserId.parse(bob.id);
            redis.hset(RedisKeys.shown(user), talk, "3");
            put(bob, talkPath("/delivered"), "{\"seq\":5}");
            put(carol, talkPath("/read"), "{\"seq\":5}");
            put(bob, talkPath("/read"), "{\"seq\":4}");
            await().untilAsserted(() -> {
                var jobs = redis.zrange(RedisKeys.PUSH_JOBS, 0, -1).stream()
                        .filter(job -> job.startsWith("c "))
                        .toList();
                assertEquals(1, jobs.size(), jobs::toString);
                assertTrue(jobs.getFirst().startsWith("c " + user.value() + " "));
                assertTrue(jobs.getFirst().endsWith(" 4"));
            });
        }
    }

    private Person signUp() throws Exception {
        String name = "u" + UUID.randomUUID().toString().substring(0, 18);
        var made = json(call(
                "POST",
                null,
                "/v1/users",
                "{\"username\":\"" + name + "\",\"password\":\"correct horse\",\"display_name\":\"X\"}"));
        return new Person(
                made.at("/user/id").textValue(),
                made.at("/session/access_token").textValue());
    }

    private String group(Person owner, Person... members) throws Exception {
        String ids =
                List.of(members).stream().map(each -> "\"" + each.id() + "\"").collect(Collectors.joining(","));
        return post(owner, "/v1/conversations", "{\"type\":\"group\",\"name\":\"G\",\"member_ids\":[" + ids + "]}")
                .at("/id")
                .textValue();
    }

    private void send(Person sender, String conversation) throws Exception {
        post(
                sender,
                "/v1/conversations/" + conversation + "/messages",
                "{\"client_message_id\":\"" + UUID.randomUUID() + "\",\"text\":\"hello\"}");
    }

    private JsonNode get(Person who, String path) throws Exception {
        return json(call("GET", who, path, null));
    }

    private JsonNode put(Person who, String path, String body) throws Exception {
        return json(call("PUT", who, path, body));
    }

    private JsonNode post(Person who, String path, String body) throws Exception {
        return json(call("POST", who, path, body));
    }

    private HttpResponse<String> call(String method, @Nullable Person who, String path, @Nullable String body)
            throws Exception {
        var request = HttpRequest.newBuilder(api.uri(path))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        if (who != null) {
            request.header("Authorization", "Bearer " + who.token());
        }
        return api.send(request);
    }

    private static JsonNode json(HttpResponse<String> answer) throws Exception {
        assertTrue(answer.statusCode() < 300, answer.body());
        return Json.MAPPER.readTree(answer.body());
    }

    private static String refusal(HttpResponse<String> answer) throws Exception {
        assertEquals(400, answer.statusCode(), answer.body());
        var error = Json.MAPPER.readTree(answer.body()).at("/errors/0");
        return error.at("/pointer").textValue() + " " + error.at("/code").textValue();
    }

    private static long rows(String query) throws SQLException {
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static void execute(String sql) throws SQLException {
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
