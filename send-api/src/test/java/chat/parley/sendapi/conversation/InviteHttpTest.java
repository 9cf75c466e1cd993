package chat.parley.sendapi.conversation;

import static chat.parley.sendapi.People.code;
import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.refusal;
import static chat.parley.sendapi.People.texts;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.sendapi.People;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
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
class InviteHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private RunningSendApi api;
    private People people;
    private Person ann;
    private Person bob;
    private Person eve;

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        people = new People(api);
        ann = people.signUp();
        bob = people.signUp();
        eve = people.signUp();
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void a_link_shows_where_it_leads_and_takes_one_there() throws Exception {
        String path = people.make(ann, "group", "\"name\":\"Secret club\",\"topic\":\"hush\"", bob);
        people.say(ann, path, "before");
        var invite = invite(path, "{\"max_uses\":5,\"expires_in\":3600,\"role\":\"member\"}");
        assertEquals(ann.id(), invite.at("/created_by").textValue());
        assertEquals(0, invite.at("/uses").intValue());
        assertEquals(5, invite.at("/max_uses").intValue());
        assertEquals(
                Duration.ofHours(1),
                Duration.between(
                        Instant.parse(invite.at("/created_at").textValue()),
                        Instant.parse(invite.at("/expires_at").textValue())));

        var shown = json(people.get(eve, link(invite)));
        assertEquals("Secret club", shown.at("/conversation/name").textValue());
        assertEquals("group", shown.at("/conversation/type").textValue());
        assertEquals(2, shown.at("/conversation/member_count").intValue());
        assertFalse(shown.at("/conversation").has("members"));
        assertFalse(shown.at("/conversation").has("last_seq"));

        var joined = json(people.post(eve, link(invite) + "/join", null));
        assertEquals(2, joined.at("/me/joined_seq").intValue());
        assertEquals("member", joined.at("/me/role").textValue());
        assertEquals(200, people.post(eve, link(invite) + "/join", null).statusCode());
        assertEquals(200, people.post(ann, link(invite) + "/join", null).statusCode());
        assertEquals(
                1, json(people.get(ann, path + "/invites")).at("/items/0/uses").intValue());
        var told = People.told(REDIS, bob, path).stream()
                .filter(event -> event.at("/type").asText().equals("member.joined"))
                .toList();
        assertEquals(1, told.size());
        assertEquals(eve.id(), told.getFirst().at("/actor_id").textValue());
    }

    @Test
    void the_token_is_shown_once_and_kept_nowhere() throws Exception {
        String path = people.group(ann);
        var invite = invite(path, "{}");
        String token = invite.at("/token").textValue();
        assertEquals(43, token.length());
        assertEquals(
                Duration.ofDays(7),
                Duration.between(
                        Instant.parse(invite.at("/created_at").textValue()),
                        Instant.parse(invite.at("/expires_at").textValue())));
        assertFalse(invite.has("max_uses"));
        var listed = json(people.get(ann, path + "/invites"));
        assertEquals(texts(listed.at("/items"), "id"), List.of(invite.at("/id").textValue()));
        assertFalse(listed.toString().contains("token"));
        assertEquals(0, rows("SELECT count(*) FROM idempotency WHERE encode(answer, 'escape') LIKE '%" + token + "%'"));
    }

    @Test
    void a_repeat_of_the_request_gives_the_same_invitation_another_link() throws Exception {
        String path = people.group(ann);
        var first = json(people.send("POST", ann, path + "/invites", "{\"max_uses\":1}", "key-invite"));
        var second = json(people.send("POST", ann, path + "/invites", "{\"max_uses\":1}", "key-invite"));
        assertEquals(first.at("/id"), second.at("/id"));
        assertNotEquals(first.at("/token"), second.at("/token"));
        assertEquals("not_found", code(people.get(eve, link(first))));
        assertEquals(200, people.get(eve, link(second)).statusCode());
        assertEquals(1, json(people.get(ann, path + "/invites")).at("/items").size());
        assertEquals(
                "idempotency_mismatch",
                code(people.send("POST", ann, path + "/invites", "{\"max_uses\":2}", "key-invite")));
        assertEquals(
                0,
                rows("SELECT count(*) FROM idempotency WHERE encode(answer, 'escape') LIKE '%"
                        + second.at("/token").textValue() + "%'"));
    }

    @Test
    void whatever_is_wrong_with_a_link_the_answer_is_the_same() throws Exception {
        String path = people.group(ann, bob);
        var expired = invite(path, "{}");
        execute("UPDATE invite SET expires_at = created_at WHERE token_hash = sha256('"
                + expired.at("/token").textValue() + "')");
        var used = invite(path, "{\"max_uses\":1}");
        assertEquals(
                200, people.post(people.signUp(), link(used) + "/join", null).statusCode());
        var revoked = invite(path, "{}");
        String address = path + "/invites/" + id(revoked);
        assertEquals("forbidden", code(people.delete(bob, address)));
        assertEquals(204, people.delete(ann, address).statusCode());
        assertEquals("not_found", code(people.delete(ann, address)));
        var good = invite(path, "{}");
        var banned = people.signUp();
        assertEquals(204, people.put(ann, path + "/bans/" + banned.id()).statusCode());

        String wrong = withoutNames(people.get(eve, "/v1/invites/wrong").body());
        for (var invite : List.of(expired, used, revoked)) {
            var shown = people.get(eve, link(invite));
            assertEquals(404, shown.statusCode());
            assertEquals(wrong, withoutNames(shown.body()));
            var joined = people.post(eve, link(invite) + "/join", null);
            assertEquals(404, joined.statusCode());
            assertEquals(wrong, withoutNames(joined.body()));
        }
        assertEquals(wrong, withoutNames(people.get(banned, link(good)).body()));
        assertEquals(
                wrong,
                withoutNames(people.post(banned, link(good) + "/join", null).body()));
        assertEquals(
                List.of(id(good)),
                texts(json(people.get(ann, path + "/invites")).at("/items"), "id"));
        assertEquals("unauthenticated", code(people.send("GET", null, link(good), null, null)));
    }

    @Test
    void of_many_who_come_at_once_as_many_get_in_as_are_invited() throws Exception {
        String path = people.group(ann);
        var invite = invite(path, "{\"max_uses\":3}");
        var crowd = people.signUp(12);
        var tasks = new ArrayList<Callable<Integer>>();
        for (var who : crowd) {
            // Twice each: who is in already uses nothing.
            tasks.add(() -> people.post(who, link(invite) + "/join", null).statusCode());
            tasks.add(() -> people.post(who, link(invite) + "/join", null).statusCode());
        }
        var statuses = People.atOnce(tasks);
        assertEquals(4, json(people.get(ann, path)).at("/member_count").intValue());
        assertTrue(Collections.frequency(statuses, 200) >= 3 && Collections.frequency(statuses, 200) <= 6);
        assertEquals(24, Collections.frequency(statuses, 200) + Collections.frequency(statuses, 404));
        assertEquals(3, rows("SELECT uses FROM invite WHERE max_uses = 3"));
    }

    @Test
    void who_is_banned_while_joining_ends_up_outside() throws Exception {
        for (int round = 0; round < 10; round++) {
            String path = people.make(ann, "channel", "\"name\":\"Race\",\"public\":true");
            var invite = invite(path, "{}");
            var tasks = new ArrayList<Callable<Integer>>();
            tasks.add(() -> people.post(eve, link(invite) + "/join", null).statusCode());
            tasks.add(() -> people.put(ann, path + "/bans/" + eve.id()).statusCode());
            tasks.add(() -> people.post(eve, path + "/join", null).statusCode());
            People.atOnce(tasks);
            assertEquals(1, json(people.get(ann, path)).at("/member_count").intValue());
            assertEquals("not_found", code(people.get(eve, path)));
        }
    }

    @Test
    void terms_out_of_bounds_are_refused() throws Exception {
        String path = people.group(ann, bob);
        assertEquals("/expires_in out_of_range", refusal(people.post(ann, path + "/invites", "{\"expires_in\":59}")));
        assertEquals(
                "/expires_in out_of_range", refusal(people.post(ann, path + "/invites", "{\"expires_in\":31536001}")));
        assertEquals(
                "/expires_in not_a_whole_number",
                refusal(people.post(ann, path + "/invites", "{\"expires_in\":\"60\"}")));
        assertEquals("/max_uses out_of_range", refusal(people.post(ann, path + "/invites", "{\"max_uses\":0}")));
        assertEquals("/max_uses out_of_range", refusal(people.post(ann, path + "/invites", "{\"max_uses\":10001}")));
        assertEquals("/role not_a_choice", refusal(people.post(ann, path + "/invites", "{\"role\":\"owner\"}")));
        assertEquals("unknown_field", code(people.post(ann, path + "/invites", "{\"uses\":1}")));
        assertEquals("forbidden", code(people.post(bob, path + "/invites", "{}")));
        assertEquals("direct_is_fixed", code(people.post(ann, people.direct(ann, bob) + "/invites", "{}")));
    }

    @Test
    void a_conversation_has_a_hundred_open_invitations_at_most() throws Exception {
        String path = people.group(ann);
        var first = invite(path, "{}");
        for (int i = 1; i < 100; i++) {
            invite(path, "{}");
        }
        assertEquals("too_many_invites", code(people.post(ann, path + "/invites", "{}")));
        assertEquals(204, people.delete(ann, path + "/invites/" + id(first)).statusCode());
        assertEquals(201, people.post(ann, path + "/invites", "{}").statusCode());
        assertEquals(100, json(people.get(ann, path + "/invites")).at("/items").size());
    }

    private JsonNode invite(String path, String terms) throws Exception {
        var made = people.post(ann, path + "/invites", terms);
        assertEquals(201, made.statusCode(), made.body());
        return json(made);
    }

    private static String id(JsonNode invite) {
        return invite.at("/id").textValue();
    }

    private static String link(JsonNode invite) {
        return "/v1/invites/" + invite.at("/token").textValue();
    }

    private static String withoutNames(String problem) {
        return problem.replaceAll("\"(instance|request_id)\":\"[^\"]*\",?", "");
    }

    private static void execute(String statement) throws SQLException {
        try (var connection = POSTGRES.dataSource().getConnection();
                var update = connection.createStatement()) {
            assertEquals(1, update.executeUpdate(statement));
        }
    }

    private static long rows(String query) throws SQLException {
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
