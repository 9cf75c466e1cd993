package chat.parley.sendapi.safety;

import static chat.parley.sendapi.People.code;
import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.refusal;
import static chat.parley.sendapi.People.texts;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.sendapi.People;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReportHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private RunningSendApi api;
    private People people;
    private Person ann;
    private Person bob;
    private Person carol;

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        people = new People(api);
        ann = people.signUp();
        bob = people.signUp();
        carol = people.signUp();
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void a_report_keeps_what_the_message_said_and_who_reported_stays_unnamed() throws Exception {
        String path = people.group(ann, bob, carol);
        String insult = people.say(bob, path, "an insult").body();
        var filed = report(carol, path, 1, "{\"reason\":\"abuse\",\"note\":\"look at this\"}");
        assertEquals(201, filed.statusCode(), filed.body());
        assertTrue(filed.body().contains(insult), filed.body());
        people.patch(bob, path + "/messages/1", "{\"text\":\"flowers\"}");
        var again = report(carol, path, 1, "{\"reason\":\"spam\"}");
        assertEquals(200, again.statusCode());
        assertEquals(filed.body(), again.body());
        assertEquals(201, report(ann, path, 1, "{\"reason\":\"other\"}").statusCode());

        var listed = people.get(ann, path + "/reports");
        var waiting = json(listed).at("/items/0");
        assertEquals(2, waiting.at("/report_count").intValue());
        assertEquals(List.of("other", "abuse"), texts(waiting.at("/reports"), "reason"));
        assertEquals("flowers", waiting.at("/message/text").textValue());
        assertEquals("look at this", waiting.at("/reports/1/note").textValue());
        assertFalse(listed.body().contains(carol.id()));
        assertEquals("forbidden", code(people.get(bob, path + "/reports")));
        assertEquals("forbidden", code(people.delete(bob, path + "/reports/1")));

        assertEquals(204, people.delete(ann, path + "/reports/1").statusCode());
        assertEquals("not_found", code(people.delete(ann, path + "/reports/1")));
        assertEquals(0, json(people.get(ann, path + "/reports")).at("/items").size());
        assertEquals(200, report(carol, path, 1, "{\"reason\":\"abuse\"}").statusCode());
        assertEquals(0, json(people.get(ann, path + "/reports")).at("/items").size());
    }

    @Test
    void what_cannot_be_read_or_is_gone_cannot_be_reported() throws Exception {
        String path = people.group(ann, bob);
        people.say(bob, path, "before");
        people.say(bob, path, "mistake");
        people.post(ann, path + "/members", "{\"user_ids\":[\"" + carol.id() + "\"]}");
        people.delete(bob, path + "/messages/2");
        String reason = "{\"reason\":\"illegal\"}";
        assertEquals("not_found", code(report(carol, path, 1, reason)));
        assertEquals("not_found", code(report(ann, path, 4, reason)));
        assertEquals("not_found", code(report(people.signUp(), path, 1, reason)));
        assertEquals("message_deleted", code(report(ann, path, 2, reason)));
        assertEquals("not_found", code(people.post(ann, path + "/messages/x/reports", reason)));
        assertEquals("/reason required", refusal(report(ann, path, 1, "{}")));
        assertEquals("/reason not_a_choice", refusal(report(ann, path, 1, "{\"reason\":\"boring\"}")));
        assertEquals(
                "/note too_long",
                refusal(report(ann, path, 1, "{\"reason\":\"spam\",\"note\":\"" + "n".repeat(1_001) + "\"}")));
        assertEquals("after not_a_cursor", refusal(people.get(ann, path + "/reports?after=x")));
    }

    @Test
    void reports_between_two_are_for_the_operator_only() throws Exception {
        String path = people.direct(ann, bob);
        people.say(bob, path, "psst");
        assertEquals(201, report(ann, path, 1, "{\"reason\":\"spam\"}").statusCode());
        assertEquals("direct_is_fixed", code(people.get(ann, path + "/reports")));
        assertEquals("not_found", code(people.get(carol, path + "/reports")));
    }

    @Test
    void one_who_reports_many_times_at_once_has_reported_once() throws Exception {
        String path = people.group(ann, bob);
        people.say(bob, path, "text");
        var tasks = new ArrayList<Callable<Integer>>();
        for (int i = 0; i < 8; i++) {
            tasks.add(() -> report(ann, path, 1, "{\"reason\":\"spam\"}").statusCode());
        }
        var statuses = People.atOnce(tasks);
        assertEquals(1, Collections.frequency(statuses, 201));
        assertEquals(7, Collections.frequency(statuses, 200));
    }

    @Test
    void messages_that_wait_come_in_pages() throws Exception {
        String path = people.group(ann, bob);
        for (int seq = 1; seq <= 3; seq++) {
            people.say(bob, path, "text");
            report(ann, path, seq, "{\"reason\":\"spam\"}");
        }
        var first = json(people.get(ann, path + "/reports?limit=2"));
        assertEquals(List.of("1", "2"), texts(first.at("/items"), "seq"));
        var second = json(people.get(
                ann, path + "/reports?limit=2&after=" + first.at("/after").textValue()));
        assertEquals(List.of("3"), texts(second.at("/items"), "seq"));
        assertFalse(second.has("after"));
    }

    @Test
    void a_hundred_reports_of_one_person_wait_at_most_and_operators_see_how_many() throws Exception {
        var dan = people.signUp();
        String path = people.group(ann, bob, dan);
        people.say(bob, path, "one");
        people.say(bob, path, "two");
        long conversation =
                ConversationId.parse(path.substring(path.lastIndexOf('/') + 1)).value();
        try (var connection = POSTGRES.dataSource().getConnection();
                var insert = connection.createStatement()) {
            insert.execute("INSERT INTO report SELECT " + conversation + ", n, "
                    + UserId.parse(dan.id()).value() + ", 'spam', '', '{}', now() FROM generate_series(1000, 1098) n");
        }
        assertEquals(201, report(dan, path, 1, "{\"reason\":\"spam\"}").statusCode());
        assertEquals("too_many_reports", code(report(dan, path, 2, "{\"reason\":\"spam\"}")));
        people.delete(ann, path + "/reports/1");
        assertEquals(201, report(dan, path, 2, "{\"reason\":\"spam\"}").statusCode());
        try (var client = HttpClient.newHttpClient()) {
            var metrics = client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.metricsPort() + "/metrics"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            double open = metrics.body()
                    .lines()
                    .filter(line -> line.startsWith("parley_reports_open"))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                    .findFirst()
                    .orElseThrow();
            assertTrue(open >= 100, metrics.body());
        }
    }

    private HttpResponse<String> report(Person who, String path, long seq, String body) throws Exception {
        return people.post(who, path + "/messages/" + seq + "/reports", body);
    }
}
