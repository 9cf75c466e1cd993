package chat.parley.sendapi.search;

import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.problem;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Search over HTTP: what is found, by whom, in which order, in pages. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SearchHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    @RegisterExtension
    static final RealPostgres WITHOUT_INDEX = RealPostgres.fresh();

    private static final AtomicInteger KEYS = new AtomicInteger();

    private RunningSendApi api;

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void what_was_sent_is_found_with_its_words_marked() throws Exception {
        var ann = Person.signUp(api);
        var bob = Person.signUp(api);
        var talk = ann.directWith(bob);
        var sent = send(ann, talk, "Shall we meet at the <b>Lighthouse</b>?");
        for (var reader : List.of(ann, bob)) {
            var found = awaitFound(reader, "q=lighth", 1);
            assertEquals(json(reader.ask("GET", sent, null)), found.at("/items/0/message"));
            assertEquals(
                    "[{\"text\":\"Shall we meet at the <b>\"},{\"text\":\"Lighthouse\",\"match\":true},{\"text\":\"</b>?\"}]",
                    found.at("/items/0/snippet").toString());
            assertTrue(found.at("/after").isMissingNode());
        }
    }

    @Test
    void without_search_nothing_is_indexed_and_searches_say_so() throws Exception {
        try (var without = RunningSendApi.startWithoutSearch(WITHOUT_INDEX, REDIS)) {
            var ann = Person.signUp(without);
            send(ann, ann.directWith(Person.signUp(without)), "Lighthouse");
            var answer = ann.ask("GET", "/v1/search/messages?q=lighth", null);
            assertEquals(501, answer.statusCode());
            assertEquals("search_off", problem(answer).at("/code").textValue());
        } // an indexer would have written by now
        try (var db = WITHOUT_INDEX.dataSource().getConnection();
                var statement = db.createStatement();
                var rows = statement.executeQuery("SELECT count(*) FROM message_search")) {
            assertTrue(rows.next());
            assertEquals(0, rows.getLong(1));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Grüße aus Köln, grusse",
        "Καλημέρα κόσμε, ΚΑΛΗΜΕΡΑ",
        "Съешь ещё булок, еще",
        "مرحبا بالعالم, مرحبا",
        "我明天去北京大学, 北京",
        "日本語を勉強する, 勉強",
        "ฉันกินข้าวแล้ว, ข้าว",
        "한국어를 배워요, 한국",
        "well done 🎉, 🎉"
    })
    void every_language_is_found(String text, String words) throws Exception {
        var ann = Person.signUp(api);
        send(ann, ann.groupWith(), "nothing of it");
        send(ann, ann.groupWith(), text);
        awaitFound(ann, "q=" + encoded(words), 1);
    }

    @Test
    void an_edited_message_is_found_by_its_present_text_and_a_deleted_one_never() throws Exception {
        var ann = Person.signUp(api);
        var talk = ann.groupWith();
        var path = send(ann, talk, "before noon");
        awaitFound(ann, "q=noon", 1);
        ann.ask("PATCH", path, "{\"text\":\"after dusk\"}");
        assertEquals(0, items(ann, "q=noon").size(), "at once, whatever the index says");
        awaitFound(ann, "q=dusk", 1);
        ann.ask("DELETE", path, null);
        assertEquals(0, items(ann, "q=dusk").size());
    }

    @Test
    void only_who_may_read_finds() throws Exception {
        var ann = Person.signUp(api);
        var bob = Person.signUp(api);
        var late = Person.signUp(api);
        var stranger = Person.signUp(api);
        var talk = ann.groupWith(bob);
        send(ann, talk, "secret one");
        ann.ask("POST", "/v1/conversations/" + talk + "/members", "{\"user_ids\":[\"" + late.id() + "\"]}");
        send(ann, talk, "secret two");
        send(late, late.groupWith(), "secret of mine");
        awaitFound(ann, "q=secret", 2);
        awaitFound(bob, "q=secret", 2);
        awaitFound(late, "q=secret", 2);
        assertEquals(List.of("secret of mine", "secret two"), texts(late, "q=secret"));
        assertEquals(0, items(stranger, "q=secret").size());
        bob.ask("DELETE", "/v1/conversations/" + talk + "/members/me", null);
        assertEquals(0, items(bob, "q=secret").size(), "who left");
        ann.ask("POST", "/v1/conversations/" + talk + "/members", "{\"user_ids\":[\"" + bob.id() + "\"]}");
        assertEquals(0, items(bob, "q=secret").size(), "who came back");
        var here = "q=secret&conversation_id=" + talk;
        assertEquals(2, items(ann, here).size());
        assertEquals(1, items(late, here).size());
        var foreign = stranger.ask("GET", "/v1/search/messages?" + here, null);
        var missing = stranger.ask("GET", "/v1/search/messages?q=secret&conversation_id=0H7C0000000ZZ", null);
        var nonsense = stranger.ask("GET", "/v1/search/messages?q=secret&conversation_id=x", null);
        for (var answer : List.of(foreign, missing, nonsense)) {
            assertEquals(404, answer.statusCode());
            assertEquals("not_found", problem(answer).at("/code").textValue());
        }
        assertEquals(
                2,
                items(late, "q=secret&sender_id=" + ann.id()).size()
                        + items(late, "q=secret&sender_id=" + late.id()).size());
        assertEquals(0, items(late, "q=secret&sender_id=" + stranger.id()).size());
    }

    @Test
    void pages_meet_without_repeats_or_holes_in_both_orders() throws Exception {
        var ann = Person.signUp(api);
        var talks = List.of(ann.groupWith(), ann.groupWith());
        for (int i = 0; i < 25; i++) {
            send(ann, talks.get(i % 2), "needle " + "needle ".repeat(i % 3) + i);
        }
        awaitFound(ann, "q=needle&limit=50", 25);
        var times = new ArrayList<String>();
        items(ann, "q=needle&limit=50")
                .forEach(item -> times.add(item.at("/message/created_at").textValue()));
        assertEquals(times.stream().sorted(Collections.reverseOrder()).toList(), times);
        for (var order : List.of("time", "rank")) {
            var whole = texts(ann, "q=needle&limit=50&order=" + order);
            var paged = new ArrayList<String>();
            String cursor = "";
            do {
                var page = json(ask(ann, "q=needle&limit=4&order=" + order + cursor));
                page.at("/items")
                        .forEach(item -> paged.add(item.at("/message/text").textValue()));
                cursor = page.has("after") ? "&after=" + page.at("/after").textValue() : "";
            } while (!cursor.isEmpty());
            assertEquals(whole, paged);
            assertEquals(25, paged.stream().distinct().count());
        }
        assertTrue(texts(ann, "q=needle&order=rank").getFirst().startsWith("needle needle needle"));
    }

    @Test
    void a_page_goes_on_past_what_was_deleted_meanwhile() throws Exception {
        var ann = Person.signUp(api);
        var talk = ann.groupWith();
        var paths = new ArrayList<String>();
        for (int i = 0; i < 12; i++) {
            paths.add(send(ann, talk, "pebble " + i));
        }
        awaitFound(ann, "q=pebble", 12);
        for (int i = 3; i < 12; i++) {
            ann.ask("DELETE", paths.get(i), null);
        }
        assertEquals(List.of("pebble 2", "pebble 1"), texts(ann, "q=pebble&limit=2"));
        assertEquals(List.of("pebble 2", "pebble 1", "pebble 0"), texts(ann, "q=pebble&limit=3"));
    }

    @Test
    void times_and_senders_narrow_it() throws Exception {
        var ann = Person.signUp(api);
        var bob = Person.signUp(api);
        var talk = ann.directWith(bob);
        send(ann, talk, "harbour ann");
        var middle = json(ann.ask("GET", send(bob, talk, "harbour bob"), null))
                .at("/created_at")
                .textValue();
        awaitFound(ann, "q=harbour", 2);
        assertEquals(List.of("harbour bob"), texts(ann, "q=harbour&sender_id=" + bob.id()));
        assertEquals(List.of("harbour bob"), texts(ann, "q=harbour&after_time=" + middle));
        assertEquals(List.of("harbour ann"), texts(ann, "q=harbour&before_time=" + middle));
        assertEquals(List.of(), texts(ann, "q=harbour&before_time=1970-01-01T00:00:00%2B00:00"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a & b",
                "a | !b",
                "(a",
                "a:*",
                "'a",
                "\\",
                "a <-> b",
                "a\\'b",
                "\"a",
                "%",
                "a'; DROP TABLE message; --",
                "/1 @1",
                "a\u0000b",
                "\u202Ea"
            })
    void no_sign_breaks_it(String typed) throws Exception {
        var ann = Person.signUp(api);
        int status = ask(ann, "q=" + encoded(typed)).statusCode();
        assertTrue(status == 200 || typed.codePoints().noneMatch(Character::isLetterOrDigit), "status " + status);
    }

    @Test
    void bad_questions_are_refused() throws Exception {
        var ann = Person.signUp(api);
        var complaints = Map.ofEntries(
                Map.entry("", "required"),
                Map.entry("q=", "required"),
                Map.entry("q=%20", "required"),
                Map.entry("q=!!!", "no_words"),
                Map.entry("q=" + "x".repeat(201), "too_long"),
                Map.entry("q=a+b+c+d+e+f+g+h+i+j+k", "too_many_words"),
                Map.entry("q=a&order=best", "not_an_order"),
                Map.entry("q=a&sender_id=x", "not_an_id"),
                Map.entry("q=a&after_time=yesterday", "not_a_time"),
                Map.entry("q=a&before_time=0001-01-01T00:00:00Z", "out_of_range"),
                Map.entry("q=a&limit=0", "out_of_range"),
                Map.entry("q=a&limit=51", "out_of_range"),
                Map.entry("q=a&after=nonsense", "not_a_cursor"));
        for (var each : complaints.entrySet()) {
            var answer = ask(ann, each.getKey());
            assertEquals(400, answer.statusCode(), each.getKey());
            assertEquals("invalid_field", problem(answer).at("/code").textValue());
            assertEquals(each.getValue(), problem(answer).at("/errors/0/code").textValue(), each.getKey());
        }
        assertEquals(200, ask(ann, "q=" + "x".repeat(200)).statusCode());
    }

    @Test
    void a_cursor_of_one_order_is_none_of_the_other() throws Exception {
        var ann = Person.signUp(api);
        var talk = ann.groupWith();
        send(ann, talk, "cursor one");
        send(ann, talk, "cursor two");
        awaitFound(ann, "q=cursor", 2);
        var cursor = json(ask(ann, "q=cursor&limit=1")).at("/after").textValue();
        assertEquals(1, items(ann, "q=cursor&after=" + cursor).size());
        assertEquals(400, ask(ann, "q=cursor&order=rank&after=" + cursor).statusCode());
    }

    @Test
    void searches_are_limited_for_each_person() throws Exception {
        var ann = Person.signUp(api);
        var first = ask(ann, "q=x");
        assertEquals(
                "\"search\";q=120;w=60",
                first.headers().firstValue("RateLimit-Policy").orElse(""));
        int status = 200;
        for (int i = 0; i < 400 && status == 200; i++) {
            status = ask(ann, "q=x").statusCode();
        }
        assertEquals(429, status);
    }

    private String send(Person sender, String talk, String text) throws Exception {
        var path = "/v1/conversations/" + talk + "/messages";
        var body = "{\"client_message_id\":\"key" + KEYS.incrementAndGet() + "\",\"text\":\"" + text + "\"}";
        var answer = sender.ask("POST", path, body);
        assertEquals(201, answer.statusCode(), answer.body());
        return path + "/" + json(answer).at("/seq").longValue();
    }

    private static JsonNode awaitFound(Person reader, String query, int count) {
        Awaitility.await()
                .untilAsserted(() -> assertEquals(count, items(reader, query).size()));
        try {
            return json(ask(reader, query));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode items(Person reader, String query) throws Exception {
        var answer = ask(reader, query);
        assertEquals(200, answer.statusCode(), answer.body());
        return json(answer).at("/items");
    }

    private static List<String> texts(Person reader, String query) throws Exception {
        var texts = new ArrayList<String>();
        items(reader, query).forEach(item -> texts.add(item.at("/message/text").textValue()));
        return texts;
    }

    private static java.net.http.HttpResponse<String> ask(Person reader, String query) throws Exception {
        return reader.ask("GET", "/v1/search/messages?" + query, null);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, UTF_8).replace("+", "%20");
    }
}
