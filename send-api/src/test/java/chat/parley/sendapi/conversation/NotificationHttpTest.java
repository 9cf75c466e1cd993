package chat.parley.sendapi.conversation;

import static chat.parley.sendapi.People.code;
import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.refusal;
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
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NotificationHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private RunningSendApi api;
    private People people;
    private Person ann;
    private Person bob;

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        people = new People(api);
        ann = people.signUp();
        bob = people.signUp();
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void a_choice_is_shown_to_who_made_it_and_to_nobody_else() throws Exception {
        String path = people.group(ann, bob);
        var chosen = json(choose(bob, path, "{\"level\":\"mentions\",\"muted_until\":\"2999-01-01T00:00:00.5Z\"}"));
        assertEquals("mentions", chosen.at("/level").textValue());
        var mine = json(people.get(bob, path)).at("/me");
        assertEquals("mentions", mine.at("/notifications").textValue());
        assertEquals("2999-01-01T00:00:00.500Z", mine.at("/muted_until").textValue());
        assertEquals(mine, json(people.get(bob, "/v1/conversations")).at("/items/0/me"));
        assertFalse(json(people.get(ann, path)).at("/me").has("notifications"));
        assertFalse(people.get(ann, path + "/members").body().contains("muted"));

        assertEquals(200, choose(bob, path, "{\"level\":\"none\"}").statusCode());
        assertFalse(json(people.get(bob, path)).at("/me").has("muted_until"));
        assertEquals(204, people.delete(bob, path + "/notifications").statusCode());
        assertFalse(json(people.get(bob, path)).at("/me").has("notifications"));
    }

    @Test
    void what_everyone_begins_with_can_be_chosen_too_which_is_more_than_beginning_with_it() throws Exception {
        String path = people.group(ann, bob);
        assertFalse(isChosen(bob, path));
        assertEquals(200, choose(bob, path, "{\"level\":\"all\"}").statusCode());
        assertTrue(isChosen(bob, path));
        assertFalse(isChosen(ann, path));
        String muted = "{\"muted_until\":\"2999-01-01T00:00:00Z\"}";
        assertEquals(200, choose(bob, path, muted).statusCode());
        assertFalse(isChosen(bob, path), "muted for a while, and then as everyone");
        assertEquals(200, choose(bob, path, "{\"level\":\"none\"}").statusCode());
        assertTrue(isChosen(bob, path));
        assertEquals(204, people.delete(bob, path + "/notifications").statusCode());
        assertFalse(isChosen(bob, path));
    }

    /** Not told: in large groups it decides what wakes. */
    private static boolean isChosen(Person who, String path) throws Exception {
        String conversation = path.substring(path.lastIndexOf('/') + 1);
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT notifications_chosen FROM member WHERE conversation_id = "
                        + ConversationId.parse(conversation).value() + " AND user_id = "
                        + UserId.parse(who.id()).value())) {
            row.next();
            return row.getBoolean(1);
        }
    }

    @Test
    void what_is_no_choice_is_refused() throws Exception {
        String path = people.direct(ann, bob);
        assertEquals("/level not_a_choice", refusal(choose(ann, path, "{\"level\":\"loud\"}")));
        assertEquals("/muted_until not_a_time", refusal(choose(ann, path, "{\"muted_until\":\"tomorrow\"}")));
        assertEquals("/muted_until not_a_time", refusal(choose(ann, path, "{\"muted_until\":5}")));
        assertEquals(
                "/muted_until in_the_past", refusal(choose(ann, path, "{\"muted_until\":\"2020-01-01T00:00:00Z\"}")));
        assertEquals(
                "/muted_until out_of_range",
                refusal(choose(ann, path, "{\"muted_until\":\"+123456-01-01T00:00:00Z\"}")));
        assertEquals("not_found", code(choose(people.signUp(), path, "{}")));
        assertEquals("not_found", code(choose(ann, "/v1/conversations/0000000000009", "{}")));
    }

    private HttpResponse<String> choose(Person who, String path, String body) throws Exception {
        return people.send("PUT", who, path + "/notifications", body);
    }
}
