package chat.parley.sendapi.message;

import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.problem;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Edits, deletions, reactions, replies, mentions and metadata over HTTP. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MessageChangeHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final AtomicInteger KEYS = new AtomicInteger();

    private RunningSendApi api;
    private Person ann;
    private Person bob;
    private Person eve;

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        ann = Person.signUp(api);
        bob = Person.signUp(api);
        eve = Person.signUp(api);
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void an_edit_changes_the_text_and_keeps_what_was_said() throws Exception {
        var talk = ann.directWith(bob);
        var path = send(ann, talk, "\"text\":\"helo\"");
        var edited = ann.ask("PATCH", path, "{\"text\":\"hello\"}");
        assertEquals(200, edited.statusCode(), edited.body());
        assertEquals("hello", json(edited).at("/text").textValue());
        assertEquals(2, json(edited).at("/version").intValue());
        assertFalse(json(edited).at("/edited_at").isMissingNode());
        assertEquals(edited.body(), bob.ask("GET", path, null).body());
        ann.ask("PATCH", path, "{\"text\":\"Hello\"}");
        var versions = json(bob.ask("GET", path + "/versions", null)).at("/items");
        assertEquals(List.of("helo", "hello", "Hello"), texts(versions));
        assertEquals(List.of(1, 2, 3), numbers(versions, "/revision"));
    }

    @Test
    void an_edit_to_the_same_text_changes_nothing() throws Exception {
        var path = send(ann, ann.directWith(bob), "\"text\":\"same\"");
        var before = ann.ask("GET", path, null).body();
        assertEquals(before, ann.ask("PATCH", path, "{\"text\":\"same\"}").body());
    }

    @Test
    void only_the_author_edits_and_only_the_author_or_an_admin_deletes() throws Exception {
        var talk = ann.groupWith(bob, eve);
        var path = send(bob, talk, "\"text\":\"mine\"");
        assertEquals(403, ann.ask("PATCH", path, "{\"text\":\"no\"}").statusCode());
        assertEquals(403, eve.ask("DELETE", path, null).statusCode());
        assertEquals(200, ann.ask("DELETE", path, null).statusCode());
        var own = send(eve, talk, "\"text\":\"mine too\"");
        assertEquals(200, eve.ask("DELETE", own, null).statusCode());
    }

    @Test
    void what_was_deleted_keeps_its_place_and_says_nothing() throws Exception {
        var talk = ann.directWith(bob);
        var path = send(
                ann,
                talk,
                "\"text\":\"secret\",\"metadata\":{\"card\":\"secret\"},\"mentions\":[\"" + bob.id() + "\"]");
        ann.ask("PATCH", path, "{\"text\":\"secret two\"}");
        react(bob, path, "👍");
        var deleted = ann.ask("DELETE", path, null);
        assertEquals(200, deleted.statusCode(), deleted.body());
        assertFalse(deleted.body().contains("secret"));
        for (var gone : List.of("/text", "/metadata", "/mentions", "/reactions")) {
            assertTrue(json(deleted).at(gone).isMissingNode(), gone);
        }
        assertFalse(json(deleted).at("/deleted_at").isMissingNode());
        assertEquals(deleted.body(), ann.ask("DELETE", path, null).body(), "a repeat");
        assertEquals(deleted.body(), bob.ask("GET", path, null).body());
        assertEquals(
                0, json(bob.ask("GET", path + "/versions", null)).at("/items").size());
        assertEquals(
                0, json(bob.ask("GET", path + "/reactions", null)).at("/items").size());
        assertProblem(409, "message_deleted", ann.ask("PATCH", path, "{\"text\":\"back\"}"));
        assertProblem(409, "message_deleted", react(bob, path, "👍"));
    }

    @Test
    void reactions_are_counted_once_a_person() throws Exception {
        var path = send(ann, ann.directWith(bob), "\"text\":\"nice\"");
        react(ann, path, "👍");
        react(bob, path, "👍");
        var twice = react(bob, path, "👍");
        assertEquals("{\"👍\":2}", json(twice).at("/reactions").toString());
        assertEquals(3, json(twice).at("/version").intValue());
        react(bob, path, "👨‍👩‍👧‍👦");
        var less = ann.ask("DELETE", path + "/reactions/" + encoded("👍"), null);
        assertEquals("{\"👍\":1,\"👨‍👩‍👧‍👦\":1}", json(less).at("/reactions").toString());
        bob.ask("DELETE", path + "/reactions/" + encoded("👍"), null);
        var none = bob.ask("DELETE", path + "/reactions/" + encoded("👨‍👩‍👧‍👦"), null);
        assertTrue(json(none).at("/reactions").isMissingNode(), none.body());
    }

    @Test
    void who_reacted_is_told_in_pages() throws Exception {
        var path = send(ann, ann.groupWith(bob, eve), "\"text\":\"nice\"");
        for (var person : List.of(ann, bob, eve)) {
            react(person, path, "🎉");
        }
        react(ann, path, "👍");
        var seen = new ArrayList<String>();
        String cursor = "";
        do {
            var page = json(bob.ask("GET", path + "/reactions?limit=1" + cursor, null));
            page.at("/items").forEach(item -> seen.add(item.at("/user_id").textValue() + item.at("/emoji")));
            cursor = page.has("after") ? "&after=" + page.at("/after").textValue() : "";
        } while (!cursor.isEmpty());
        assertEquals(4, seen.size());
        assertEquals(4, seen.stream().distinct().count());
        assertProblem(400, "invalid_field", bob.ask("GET", path + "/reactions?after=nonsense", null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"👍", "👍🏽", "❤️", "🏳️‍🌈", "🇩🇪", "1️⃣", "👩🏽‍🤝‍👨🏿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "©"})
    void any_emoji_sequence_is_a_reaction(String emoji) throws Exception {
        var path = send(ann, ann.directWith(bob), "\"text\":\"nice\"");
        assertEquals(200, react(bob, path, emoji).statusCode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "1", "#", "👍👍", "lol", "👍 ", "é", "\u200d", "\ufe0f", "*"})
    void nothing_else_is(String text) throws Exception {
        var path = send(ann, ann.directWith(bob), "\"text\":\"nice\"");
        assertProblem(400, "invalid_field", react(bob, path, text));
    }

    @Test
    void fifty_kinds_of_reactions_are_enough() throws Exception {
        var path = send(ann, ann.directWith(bob), "\"text\":\"nice\"");
        for (int i = 0; i < 50; i++) {
            assertEquals(200, react(ann, path, Character.toString(0x1F600 + i)).statusCode());
        }
        assertProblem(409, "too_many_reactions", react(bob, path, "👍"));
        assertEquals(200, react(bob, path, Character.toString(0x1F600)).statusCode(), "a kind that is there");
    }

    @Test
    void a_reply_names_what_it_answers_and_pages_tell_it_as_it_stands() throws Exception {
        var talk = ann.directWith(bob);
        var first = send(ann, talk, "\"text\":\"question\"");
        for (int i = 0; i < 3; i++) {
            send(ann, talk, "\"text\":\"between\"");
        }
        var reply = send(bob, talk, "\"text\":\"answer\",\"reply_to\":" + seq(first));
        assertEquals(
                seq(first), json(bob.ask("GET", reply, null)).at("/reply_to").longValue());
        var page = json(ann.ask("GET", messages(talk) + "?limit=1", null));
        assertEquals("question", page.at("/quoted/0/text").textValue());
        ann.ask("DELETE", first, null);
        var after = json(ann.ask("GET", messages(talk) + "?limit=1", null));
        assertFalse(after.at("/quoted/0/deleted_at").isMissingNode());
        var whole = json(ann.ask("GET", messages(talk) + "?limit=200", null));
        assertTrue(whole.at("/quoted").isMissingNode(), "it stands among the items");
    }

    @Test
    void a_reply_to_what_the_sender_cannot_see_is_refused() throws Exception {
        var talk = ann.groupWith(bob);
        var before = send(ann, talk, "\"text\":\"before eve\"");
        ann.ask("POST", "/v1/conversations/" + talk + "/members", "{\"user_ids\":[\"" + eve.id() + "\"]}");
        var answer = eve.ask("POST", messages(talk), body("\"text\":\"x\",\"reply_to\":" + seq(before)));
        assertProblem(400, "invalid_field", answer);
        assertEquals("/reply_to", problem(answer).at("/errors/0/pointer").textValue());
        assertProblem(400, "invalid_field", ann.ask("POST", messages(talk), body("\"text\":\"x\",\"reply_to\":999")));
        var reply = send(bob, talk, "\"text\":\"answer\",\"reply_to\":" + seq(before));
        assertEquals(200, eve.ask("GET", reply, null).statusCode());
        var page = json(eve.ask("GET", messages(talk) + "?limit=1", null));
        assertTrue(page.at("/quoted").isMissingNode(), page.toString());
        assertEquals(404, eve.ask("PATCH", before, "{\"text\":\"x\"}").statusCode());
        assertEquals(404, react(eve, before, "👍").statusCode());
    }

    @Test
    void mentions_are_members_and_all_is_for_admins() throws Exception {
        var talk = ann.groupWith(bob);
        var sent = send(ann, talk, "\"text\":\"@bob @all\",\"mentions\":[\"" + bob.id() + "\",\"all\"]");
        assertEquals(
                "[\"" + bob.id() + "\",\"all\"]",
                json(bob.ask("GET", sent, null)).at("/mentions").toString());
        var stranger = ann.ask("POST", messages(talk), body("\"text\":\"x\",\"mentions\":[\"" + eve.id() + "\"]"));
        assertProblem(400, "invalid_field", stranger);
        assertEquals("/mentions/0", problem(stranger).at("/errors/0/pointer").textValue());
        assertProblem(403, "forbidden", bob.ask("POST", messages(talk), body("\"text\":\"x\",\"mentions\":[\"all\"]")));
        assertProblem(
                400,
                "invalid_field",
                ann.ask("POST", messages(talk), body("\"text\":\"x\",\"mentions\":[\"0000000000000\"]")));
        assertProblem(
                403, "forbidden", bob.ask("PATCH", send(bob, talk, "\"text\":\"y\""), "{\"mentions\":[\"all\"]}"));
    }

    @Test
    void a_repeat_is_answered_as_the_first_time_also_when_a_rule_would_refuse_it_now() throws Exception {
        var talk = ann.groupWith(bob, eve);
        var body = body("\"text\":\"hi\",\"mentions\":[\"" + eve.id() + "\"]");
        var first = ann.ask("POST", messages(talk), body);
        ann.ask("DELETE", "/v1/conversations/" + talk + "/members/" + eve.id(), null);
        var again = ann.ask("POST", messages(talk), body);
        assertEquals(201, again.statusCode());
        assertEquals(first.body(), again.body());
        assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
    }

    @Test
    void the_same_key_with_other_parts_is_refused() throws Exception {
        var talk = ann.directWith(bob);
        ann.ask("POST", messages(talk), "{\"client_message_id\":\"k\",\"text\":\"hi\"}");
        var other =
                ann.ask("POST", messages(talk), "{\"client_message_id\":\"k\",\"text\":\"hi\",\"metadata\":{\"a\":1}}");
        assertProblem(422, "idempotency_mismatch", other);
    }

    @Test
    void metadata_is_kept_as_the_client_meant_it_and_is_small() throws Exception {
        var talk = ann.directWith(bob);
        var metadata = "{\"z\":1,\"a\":[true,null,1.5],\"nested\":{\"text\":\"line\\nend \\u2028\"}}";
        var path = send(ann, talk, "\"text\":\"x\",\"metadata\":" + metadata);
        var stored = json(bob.ask("GET", path, null)).at("/metadata");
        assertEquals(chat.parley.json.Json.MAPPER.readTree(metadata), stored);
        ann.ask("PATCH", path, "{\"metadata\":{}}");
        assertTrue(json(bob.ask("GET", path, null)).at("/metadata").isMissingNode());
        var big = "{\"a\":\"" + "x".repeat(4096) + "\"}";
        for (var bad : List.of(big, "[]", "\"text\"", "{\"a\":1e999}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\u0000\"}")) {
            assertProblem(
                    400, "invalid_field", ann.ask("POST", messages(talk), body("\"text\":\"x\",\"metadata\":" + bad)));
        }
    }

    @Test
    void strangers_find_nothing() throws Exception {
        var path = send(ann, ann.directWith(bob), "\"text\":\"private\"");
        assertProblem(404, "not_found", eve.ask("PATCH", path, "{\"text\":\"x\"}"));
        assertProblem(404, "not_found", eve.ask("DELETE", path, null));
        assertProblem(404, "not_found", eve.ask("GET", path + "/versions", null));
        assertProblem(404, "not_found", eve.ask("GET", path + "/reactions", null));
        assertProblem(404, "not_found", react(eve, path, "👍"));
    }

    @Test
    void edits_and_reactions_at_once_come_to_one_state() throws Exception {
        var talk = ann.groupWith(bob, eve);
        var path = send(ann, talk, "\"text\":\"start\"");
        var people = List.of(ann, bob, eve);
        var emojis = List.of("👍", "🎉", "❤️", "😀");
        var work = new ArrayList<Callable<HttpResponse<String>>>();
        for (int i = 0; i < 60; i++) {
            var person = people.get(i % 3);
            var emoji = emojis.get(i % 4);
            int round = i;
            if (i % 5 == 0) {
                work.add(() -> ann.ask("PATCH", path, "{\"text\":\"edit " + round + "\"}"));
            } else if (i % 7 == 0) {
                work.add(() -> person.ask("DELETE", path + "/reactions/" + encoded(emoji), null));
            } else {
                work.add(() -> react(person, path, emoji));
            }
        }
        var answers = new ArrayList<JsonNode>();
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (var each : threads.invokeAll(work)) {
                assertEquals(200, each.get().statusCode(), each.get().body());
                answers.add(json(each.get()));
            }
        }
        var last = answers.stream()
                .max((a, b) -> Integer.compare(
                        a.at("/version").intValue(), b.at("/version").intValue()))
                .orElseThrow();
        var now = json(bob.ask("GET", path, null));
        assertEquals(last, now, "the highest version is what everybody reads");
        var counted = new java.util.TreeMap<String, Integer>();
        json(bob.ask("GET", path + "/reactions?limit=200", null))
                .at("/items")
                .forEach(item -> counted.merge(item.at("/emoji").textValue(), 1, Integer::sum));
        var told = new java.util.TreeMap<String, Integer>();
        now.at("/reactions")
                .properties()
                .forEach(each -> told.put(each.getKey(), each.getValue().intValue()));
        assertEquals(counted, told, "counts are what a recount says");
        int versions =
                json(bob.ask("GET", path + "/versions", null)).at("/items").size();
        assertEquals(13, versions, "twelve edits and what was sent");
    }

    private String send(Person sender, String talk, String fields) throws Exception {
        var answer = sender.ask("POST", messages(talk), body(fields));
        assertEquals(201, answer.statusCode(), answer.body());
        return messages(talk) + "/" + json(answer).at("/seq").longValue();
    }

    private static HttpResponse<String> react(Person person, String path, String emoji) throws Exception {
        return person.ask("PUT", path + "/reactions/" + encoded(emoji), null);
    }

    private static String body(String fields) {
        return "{\"client_message_id\":\"key" + KEYS.incrementAndGet() + "\"," + fields + "}";
    }

    private static String messages(String talk) {
        return "/v1/conversations/" + talk + "/messages";
    }

    private static long seq(String path) {
        return Long.parseLong(path.substring(path.lastIndexOf('/') + 1));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, UTF_8).replace("+", "%20");
    }

    private static List<String> texts(JsonNode items) {
        var texts = new ArrayList<String>();
        items.forEach(item -> texts.add(item.at("/text").textValue()));
        return texts;
    }

    private static List<Integer> numbers(JsonNode items, String pointer) {
        var numbers = new ArrayList<Integer>();
        items.forEach(item -> numbers.add(item.at(pointer).intValue()));
        return numbers;
    }

    private static void assertProblem(int status, String code, HttpResponse<String> answer) throws Exception {
        assertEquals(status, answer.statusCode(), answer.body());
        assertEquals(code, problem(answer).at("/code").textValue());
    }
}
