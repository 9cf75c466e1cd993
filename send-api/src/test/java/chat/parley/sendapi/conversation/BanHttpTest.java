package chat.parley.sendapi.conversation;

import static chat.parley.sendapi.People.code;
import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.refusal;
import static chat.parley.sendapi.People.texts;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import chat.parley.sendapi.People;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BanHttpTest {
    private static final String UNKNOWN_ID = "0000000000009";

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
    void a_ban_removes_and_keeps_out_until_it_is_lifted() throws Exception {
        String path = people.make(ann, "channel", "\"name\":\"Calm\",\"public\":true", bob, eve);
        assertEquals(204, ban(ann, path, eve));
        assertEquals(204, ban(ann, path, eve));
        assertEquals("not_found", code(people.get(eve, path)));
        assertEquals("not_found", code(people.post(eve, path + "/join", null)));
        assertFalse(texts(json(people.get(eve, "/v1/conversations?public=1")).at("/items"), "name")
                .contains("Calm"));
        assertEquals("banned", code(add(path, eve)));
        assertEquals("banned", code(add(path, people.signUp(), eve)));
        assertEquals(2, json(people.get(ann, path)).at("/member_count").intValue());
        assertEquals(List.of("conversation.created", "member.left"), People.typesTold(REDIS, eve, path));
        assertEquals(
                List.of("conversation.created", "member.left", "message.created"),
                People.typesTold(REDIS, bob, path),
                "who stays reads the notice, too");

        var listed = json(people.get(ann, path + "/bans"));
        assertEquals(List.of(eve.id()), texts(listed.at("/items"), "user_id"));
        assertEquals(ann.id(), listed.at("/items/0/banned_by").textValue());

        assertEquals(204, people.delete(ann, path + "/bans/" + eve.id()).statusCode());
        assertEquals(204, people.delete(ann, path + "/bans/" + eve.id()).statusCode());
        assertEquals(0, json(people.get(ann, path + "/bans")).at("/items").size());
        assertEquals(200, people.post(eve, path + "/join", null).statusCode());
    }

    @Test
    void only_those_below_are_banned() throws Exception {
        var carol = people.signUp();
        String path = people.group(ann, bob, carol, eve);
        people.appoint(ann, path, bob, "admin");
        people.appoint(ann, path, carol, "admin");
        assertEquals(403, ban(bob, path, carol));
        assertEquals(403, ban(bob, path, ann));
        assertEquals(403, ban(bob, path, bob));
        assertEquals(403, ban(eve, path, bob));
        assertEquals(403, ban(ann, path, ann));
        assertEquals(204, ban(bob, path, eve));
        assertEquals(204, ban(ann, path, carol));
        people.appoint(ann, path, bob, "owner");
        assertEquals(403, ban(ann, path, bob));
        assertEquals(2, json(people.get(ann, path)).at("/member_count").intValue());
    }

    @Test
    void who_never_was_a_member_is_banned_beforehand() throws Exception {
        String path = people.group(ann, bob);
        assertEquals(204, ban(ann, path, eve));
        assertEquals("banned", code(add(path, eve)));
        assertEquals(List.of("conversation.created"), People.typesTold(REDIS, bob, path));
        assertEquals(404, people.put(ann, path + "/bans/" + UNKNOWN_ID).statusCode());
        assertEquals(404, people.put(ann, path + "/bans/nonsense").statusCode());
        assertEquals(404, people.put(eve, path + "/bans/" + UNKNOWN_ID).statusCode());
        assertEquals(403, people.put(bob, path + "/bans/" + UNKNOWN_ID).statusCode());
        assertEquals("direct_is_fixed", code(people.put(ann, people.direct(ann, eve) + "/bans/" + eve.id())));
    }

    @Test
    void bans_come_in_pages() throws Exception {
        String path = people.group(ann);
        var crowd = people.signUp(3);
        for (var each : crowd) {
            ban(ann, path, each);
        }
        var first = json(people.get(ann, path + "/bans?limit=2"));
        var second = json(people.get(
                ann, path + "/bans?limit=2&after=" + first.at("/after").textValue()));
        assertEquals(List.of(crowd.get(0).id(), crowd.get(1).id()), texts(first.at("/items"), "user_id"));
        assertEquals(List.of(crowd.get(2).id()), texts(second.at("/items"), "user_id"));
        assertFalse(second.has("after"));
        assertEquals("after not_a_cursor", refusal(people.get(ann, path + "/bans?after=x")));
    }

    private int ban(Person actor, String path, Person target) throws Exception {
        return people.put(actor, path + "/bans/" + target.id()).statusCode();
    }

    private java.net.http.HttpResponse<String> add(String path, Person... joiners) throws Exception {
        var ids = java.util.Arrays.stream(joiners)
                .map(each -> '"' + each.id() + '"')
                .toList();
        return people.post(ann, path + "/members", "{\"user_ids\":[" + String.join(",", ids) + "]}");
    }
}
