package chat.parley.systemtests.badinput;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.SharedParley;
import java.net.URLEncoder;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A thing of others and a thing that never was: nobody can tell them apart. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ForeignIdTest {
    private static final String NEVER_GIVEN_OUT = "0000000000001";
    private static final List<String> NO_IDS =
            List.of("nonsense", "0", "-1", "%00", "ÿ", "0000000000001x", "zzzzzzzzzzzzz");

    private final Api api = SharedParley.get().api();
    private Person ann = new Person(api, "", "", "");
    private Person eve = ann;
    private String conversation = "";

    @BeforeAll
    void meet() throws Exception {
        ann = api.signUp("ann");
        eve = api.signUp("eve");
        conversation = ann.group("not eve's", List.of(api.signUp("bob")));
        ann.send(conversation, "1", "not for eve");
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', textBlock = """
                    GET    | /v1/conversations/*                     |
                    PATCH  | /v1/conversations/*                     | {"name":"mine now"}
                    GET    | /v1/conversations/*/members             |
                    POST   | /v1/conversations/*/members             | {"user_ids":["EVE"]}
                    PATCH  | /v1/conversations/*/members/ANN         | {"role":"member"}
                    DELETE | /v1/conversations/*/members/ANN         |
                    DELETE | /v1/conversations/*/members/me          |
                    POST   | /v1/conversations/*/typing              |
                    GET    | /v1/conversations/*/messages            |
                    GET    | /v1/conversations/*/messages?after=0    |
                    GET    | /v1/conversations/*/messages?around=1   |
                    GET    | /v1/conversations/*/messages/1          |
                    POST   | /v1/conversations/*/messages            | {"client_message_id":"e1","text":"let me in"}
                    """)
    void a_conversation_of_others_answers_as_one_that_never_was(String method, String path, @Nullable String body)
            throws Exception {
        var sent = body == null ? null : body.replace("EVE", eve.id());
        var template = path.replace("ANN", ann.id());
        var foreign = api.call(method, template.replace("*", conversation), eve.token(), sent);
        Problems.require(404, "not_found", foreign);
        var never = api.call(method, template.replace("*", NEVER_GIVEN_OUT), eve.token(), sent);
        Problems.require(404, "not_found", never);
        assertEquals(Problems.constantPart(never.body()), Problems.constantPart(foreign.body()));
    }

    @ParameterizedTest
    @MethodSource("noIds")
    void what_is_no_id_is_404_too(String noId) throws Exception {
        var encoded = URLEncoder.encode(noId, UTF_8).replace("%2500", "%00");
        for (var path : List.of(
                "/v1/conversations/" + encoded,
                "/v1/conversations/" + encoded + "/messages",
                "/v1/users/" + encoded,
                "/v1/conversations/" + conversation + "/messages/" + encoded)) {
            var answer = api.call("GET", path, ann.token(), null);
            assertTrue(answer.statusCode() == 404 || answer.statusCode() == 400, path + ": " + answer.body());
        }
    }

    static List<String> noIds() {
        return NO_IDS;
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', textBlock = """
                    DELETE | /v1/devices/*       |
                    POST   | /v1/devices/*/state | {"state":"background"}
                    POST   | /v1/devices/*/test  |
                    """)
    void a_device_of_someone_else_answers_as_one_that_never_was(String method, String path, @Nullable String body)
            throws Exception {
        var made = api.call("PUT", "/v1/devices/phone", ann.token(), "{\"vendor\":\"fcm\",\"token\":\"foreign\"}");
        assertTrue(made.statusCode() < 300, made.body());
        var foreign = api.call(method, path.replace("*", "phone"), eve.token(), body);
        var never = api.call(method, path.replace("*", "never-was"), eve.token(), body);
        Problems.require(404, "not_found", foreign);
        Problems.require(404, "not_found", never);
        assertEquals(Problems.constantPart(never.body()), Problems.constantPart(foreign.body()));
        var devices = api.call("GET", "/v1/devices", ann.token(), null);
        assertEquals("foreground", Api.json(devices.body()).at("/items/0/state").asText());
    }

    @Test
    void a_session_of_someone_else_cannot_be_ended_nor_told_from_none() throws Exception {
        var sessions =
                Api.json(api.call("GET", "/v1/sessions", ann.token(), null).body());
        var session = sessions.at("/items/0/id").asText();
        var foreign = api.call("DELETE", "/v1/sessions/" + session, eve.token(), null);
        var never = api.call("DELETE", "/v1/sessions/" + NEVER_GIVEN_OUT, eve.token(), null);
        Problems.require(404, "not_found", foreign);
        Problems.require(404, "not_found", never);
        assertEquals(Problems.constantPart(never.body()), Problems.constantPart(foreign.body()));
        assertEquals(200, api.call("GET", "/v1/users/me", ann.token(), null).statusCode());
    }

    /** Users are there for everyone to find, so a wrong one in a body is a field at fault. */
    @ParameterizedTest
    @ValueSource(strings = {NEVER_GIVEN_OUT, "nonsense"})
    void a_user_that_never_was_cannot_be_written_to_nor_added(String nobody) throws Exception {
        Problems.require(404, "not_found", api.call("GET", "/v1/users/" + nobody, ann.token(), null));
        var direct = Api.object().put("type", "direct").put("user_id", nobody).toString();
        Problems.require(400, "invalid_field", api.call("POST", "/v1/conversations", ann.token(), direct));
        var members = "{\"user_ids\":[\"" + nobody + "\"]}";
        var path = "/v1/conversations/" + conversation + "/members";
        Problems.require(400, "invalid_field", api.call("POST", path, ann.token(), members));
    }

    @Test
    void a_stream_cursor_of_someone_else_shows_nothing_of_theirs() throws Exception {
        var cursor = Api.json(api.poll("wait=0", ann.token()).body())
                .get("last_event_id")
                .asText();
        ann.send(conversation, "2", "not for eve either");
        var page = api.poll("wait=0&last_event_id=" + cursor, eve.token());
        assertEquals(200, page.statusCode(), page.body());
        assertFalse(page.body().contains("not for eve"), page.body());
    }

    @Test
    void whatever_was_tried_changed_nothing() throws Exception {
        assertEquals(List.of(), eve.conversations());
        var members = api.call("GET", "/v1/conversations/" + conversation + "/members", ann.token(), null);
        assertEquals(2, Api.json(members.body()).get("items").size(), members.body());
        assertEquals(1, ann.history(conversation).getFirst().seq());
    }
}
