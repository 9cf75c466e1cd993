package chat.parley.sendapi.conversation;

import static chat.parley.sendapi.People.code;
import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.refusal;
import static chat.parley.sendapi.People.texts;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.sendapi.People;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChannelHttpTest {
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
    void a_channel_begins_with_what_it_was_given_and_defaults() throws Exception {
        String open = people.make(ann, "channel", "\"name\":\"News\",\"topic\":\"All of it\",\"public\":true");
        var made = json(people.get(ann, open));
        assertEquals("channel", made.at("/type").textValue());
        assertEquals("All of it", made.at("/topic").textValue());
        assertTrue(made.at("/public").booleanValue());
        assertEquals("everyone", made.at("/posting").textValue());
        assertEquals("all", made.at("/history").textValue());
        assertEquals("owner", made.at("/me/role").textValue());

        var closed = json(people.get(ann, people.make(ann, "channel", "\"name\":\"Staff\",\"posting\":\"admins\"")));
        assertFalse(closed.at("/public").booleanValue());
        assertEquals("admins", closed.at("/posting").textValue());
        assertEquals("from_joining", closed.at("/history").textValue());
        assertFalse(closed.has("topic"));

        var group = json(people.get(ann, people.make(ann, "group", "\"name\":\"G\",\"history\":\"all\"")));
        assertFalse(group.has("public"));
        assertEquals("all", group.at("/history").textValue());
        assertFalse(json(people.get(ann, people.direct(ann, bob))).has("posting"));
    }

    @Test
    void settings_that_are_none_are_refused() throws Exception {
        String name = "{\"type\":\"channel\",\"name\":\"n\",";
        assertEquals("/posting not_a_choice", refusal(create(name + "\"posting\":\"nobody\"}")));
        assertEquals("/posting not_text", refusal(create(name + "\"posting\":1}")));
        assertEquals("/history not_a_choice", refusal(create(name + "\"history\":\"\"}")));
        assertEquals("/public not_a_boolean", refusal(create(name + "\"public\":\"yes\"}")));
        assertEquals("/topic too_long", refusal(create(name + "\"topic\":\"" + "t".repeat(251) + "\"}")));
        assertEquals("/topic control_character", refusal(create(name + "\"topic\":\"a\\tb\"}")));
        assertEquals("/public channels_only", refusal(create("{\"type\":\"group\",\"name\":\"n\",\"public\":true}")));
        assertEquals("/name required", refusal(create("{\"type\":\"channel\"}")));
        String group = people.group(ann);
        assertEquals("/public channels_only", refusal(people.patch(ann, group, "{\"public\":false}")));
        assertEquals("/name too_short", refusal(people.patch(ann, group, "{\"name\":\"\"}")));
        assertEquals("unknown_field", code(people.patch(ann, group, "{\"title\":\"x\"}")));
        var longest = people.patch(ann, group, "{\"topic\":\"" + "\uD83D\uDE00".repeat(250) + "\"}");
        assertEquals(200, longest.statusCode(), longest.body());
    }

    @Test
    void settings_change_together_and_members_are_told_once() throws Exception {
        String path = people.make(ann, "channel", "\"name\":\"Before\",\"topic\":\"old\"", bob);
        var changed = json(people.patch(
                ann,
                path,
                "{\"name\":\"After\",\"topic\":\"\",\"public\":true,\"posting\":\"admins\",\"history\":\"all\"}"));
        assertEquals("After", changed.at("/name").textValue());
        assertFalse(changed.has("topic"));
        assertTrue(changed.at("/public").booleanValue());
        assertEquals(200, people.patch(ann, path, "{\"name\":\"After\"}").statusCode());
        assertEquals(200, people.patch(ann, path, "{}").statusCode());
        assertEquals(
                List.of("conversation.created", "conversation.updated", "message.created"),
                People.typesTold(REDIS, bob, path));
        var told = People.told(REDIS, bob, path).get(1).at("/data");
        assertEquals("admins", told.at("/posting").textValue());
        assertFalse(told.has("me"));
    }

    @Test
    void only_an_owner_opens_or_closes_a_channel() throws Exception {
        String path = people.make(ann, "channel", "\"name\":\"Doors\"", bob);
        people.appoint(ann, path, bob, "admin");
        assertEquals(
                200,
                people.patch(bob, path, "{\"topic\":\"t\",\"public\":false}").statusCode());
        assertEquals("forbidden", code(people.patch(bob, path, "{\"topic\":\"u\",\"public\":true}")));
        assertEquals("t", json(people.get(ann, path)).at("/topic").textValue());
    }

    @Test
    void public_channels_are_found_by_beginnings_of_words_in_pages() throws Exception {
        String word = "quagga" + ann.id().toLowerCase(java.util.Locale.ROOT);
        for (String name : List.of("Über " + word, word + " lovers", "The " + word + " club", word + "s & friends")) {
            people.make(ann, "channel", "\"name\":\"" + name + "\",\"public\":true");
        }
        people.make(ann, "channel", "\"name\":\"" + word + " secret\"");
        assertEquals(
                List.of(word + " lovers", word + "s & friends", "The " + word + " club", "Über " + word),
                names(eve, "query=" + word));
        assertEquals(
                List.of(word + " lovers"),
                names(eve, "query=" + enc("lov " + word.toUpperCase(java.util.Locale.ROOT))));
        assertEquals(List.of("Über " + word), names(eve, "query=" + enc("üb " + word)));
        assertEquals(List.of(), names(eve, "query=" + enc(word + " nothing")));
        assertEquals(List.of(), names(eve, "query=" + enc("'!&|:*")));

        var first = json(people.get(eve, "/v1/conversations?public=1&limit=3&query=" + word));
        assertEquals(3, first.at("/items").size());
        assertFalse(first.at("/items/0").has("me"));
        assertFalse(first.at("/items/0").has("members"));
        var rest = json(people.get(
                eve,
                "/v1/conversations?public=1&limit=3&query=" + word + "&after="
                        + first.at("/after").textValue()));
        assertEquals(List.of("Über " + word), texts(rest.at("/items"), "name"));
        assertFalse(rest.has("after"));
        assertEquals(
                "owner",
                json(people.get(ann, "/v1/conversations?public=1&query=" + word))
                        .at("/items/0/me/role")
                        .textValue());
        assertTrue(
                json(people.get(eve, "/v1/conversations?public=1")).at("/items").size() >= 4);
        var nobody = people.signUp();
        assertEquals(
                0,
                json(people.get(nobody, "/v1/conversations?public=0"))
                        .at("/items")
                        .size());
    }

    @Test
    void a_search_that_is_none_is_refused() throws Exception {
        assertEquals("public not_0_or_1", refusal(people.get(ann, "/v1/conversations?public=yes")));
        assertEquals("query too_long", refusal(people.get(ann, "/v1/conversations?public=1&query=" + "q".repeat(101))));
        assertEquals("after not_a_cursor", refusal(people.get(ann, "/v1/conversations?public=1&after=!")));
        assertEquals("after not_a_cursor", refusal(people.get(ann, "/v1/conversations?public=1&after=AAAA")));
    }

    @Test
    void the_longest_name_of_the_widest_letters_is_kept_and_found() throws Exception {
        String wide = "\uFDFA".repeat(100);
        people.make(ann, "channel", "\"name\":\"" + wide + "\",\"public\":true");
        assertTrue(names(eve, "query=" + enc(wide)).contains(wide));
    }

    @Test
    void anyone_joins_a_public_channel_and_sees_its_history() throws Exception {
        String path = people.make(ann, "channel", "\"name\":\"Open\",\"public\":true");
        people.say(ann, path, "early");
        var outside = json(people.get(eve, path));
        assertEquals(1, outside.at("/member_count").intValue());
        for (String hidden : List.of("me", "members", "last_message", "last_seq", "pinned_seqs")) {
            assertFalse(outside.has(hidden), hidden);
        }
        assertEquals("not_found", code(people.get(eve, path + "/messages")));
        assertEquals("not_found", code(people.get(eve, path + "/members")));

        var joined = json(people.post(eve, path + "/join", null));
        assertEquals(1, joined.at("/me/joined_seq").intValue());
        assertEquals("early", joined.at("/last_message/text").textValue());
        assertEquals(2, joined.at("/member_count").intValue());
        assertEquals(200, people.post(eve, path + "/join", null).statusCode());
        assertEquals(
                List.of("conversation.created", "message.created", "member.joined"),
                People.typesTold(REDIS, ann, path));
        assertEquals(1, json(people.get(eve, path + "/messages")).at("/items").size());

        assertEquals(204, people.delete(eve, path + "/members/me").statusCode());
        assertEquals("not_found", code(people.get(eve, path + "/messages")));
        assertEquals(
                200, people.patch(ann, path, "{\"history\":\"from_joining\"}").statusCode());
        assertEquals(
                2,
                json(people.post(eve, path + "/join", null))
                        .at("/me/joined_seq")
                        .intValue());
    }

    @Test
    void a_channel_that_is_not_public_and_one_that_is_none_look_alike() throws Exception {
        String closed = people.make(ann, "channel", "\"name\":\"Closed\"");
        String group = people.group(ann);
        for (String path : List.of(closed, group, "/v1/conversations/0000000000009", "/v1/conversations/nonsense")) {
            assertEquals("not_found", code(people.post(eve, path + "/join", null)), path);
            assertEquals("not_found", code(people.get(eve, path)), path);
        }
    }

    @Test
    void many_who_join_at_once_are_each_counted_once() throws Exception {
        String path = people.make(ann, "channel", "\"name\":\"Rush\",\"public\":true");
        var crowd = people.signUp(5);
        var tasks = new ArrayList<Callable<Integer>>();
        for (int i = 0; i < 20; i++) {
            var who = crowd.get(i % crowd.size());
            tasks.add(() -> people.post(who, path + "/join", null).statusCode());
        }
        assertEquals(List.of(200), People.atOnce(tasks).stream().distinct().toList());
        var after = json(people.get(ann, path));
        assertEquals(6, after.at("/member_count").intValue());
        assertEquals(6, json(people.get(ann, path + "/members")).at("/items").size());
    }

    @Test
    void where_admins_post_members_read() throws Exception {
        String path = people.make(ann, "channel", "\"name\":\"Word\",\"posting\":\"admins\"", bob);
        assertEquals(201, people.say(ann, path, "hear").statusCode());
        assertEquals("forbidden", code(people.say(bob, path, "no")));
        people.appoint(ann, path, bob, "admin");
        assertEquals(201, people.say(bob, path, "now").statusCode());
        people.appoint(ann, path, bob, "member");
        assertEquals("forbidden", code(people.say(bob, path, "again")));
        people.patch(ann, path, "{\"posting\":\"everyone\"}");
        assertEquals(201, people.say(bob, path, "all").statusCode());
        people.patch(ann, path, "{\"posting\":\"admins\"}");
        assertEquals("forbidden", code(people.say(bob, path, "end")));
        assertEquals("not_found", code(people.say(eve, path, "hi")));
        assertEquals(3, json(people.get(ann, path)).at("/last_seq").intValue());
    }

    @Test
    void another_node_learns_of_a_new_rule_by_the_version_its_send_names() throws Exception {
        try (var other = RunningSendApi.start(POSTGRES, REDIS)) {
            var there = new People(other);
            String path = people.make(ann, "channel", "\"name\":\"Two nodes\"", bob);
            assertEquals(201, there.say(bob, path, "cached there").statusCode());
            people.patch(ann, path, "{\"posting\":\"admins\"}");
            assertEquals("forbidden", code(there.say(bob, path, "too late")));
            people.patch(ann, path, "{\"posting\":\"everyone\"}");
            assertEquals(201, there.say(bob, path, "again").statusCode());
        }
    }

    @Test
    void a_deleted_conversation_is_over_for_everyone() throws Exception {
        String path = people.make(ann, "channel", "\"name\":\"Short life " + ann.id() + "\",\"public\":true", bob);
        people.say(ann, path, "last words");
        var token = json(people.post(ann, path + "/invites", "{}")).at("/token").textValue();
        assertEquals("forbidden", code(people.delete(bob, path)));
        assertEquals(204, people.delete(ann, path).statusCode());
        assertEquals("not_found", code(people.delete(ann, path)));
        for (var who : List.of(ann, bob, eve)) {
            assertEquals("not_found", code(people.get(who, path)));
            assertEquals("not_found", code(people.get(who, path + "/messages")));
            assertEquals("not_found", code(people.post(who, path + "/join", null)));
            assertEquals("not_found", code(people.get(who, "/v1/invites/" + token)));
            assertEquals("not_found", code(people.post(who, "/v1/invites/" + token + "/join", null)));
            assertEquals("not_found", code(people.say(who, path, "more")));
            assertEquals(List.of(), names(who, "query=" + enc("short " + ann.id())));
        }
        assertEquals(
                List.of("conversation.created", "message.created", "member.left"), People.typesTold(REDIS, bob, path));
        assertEquals(
                bob.id(),
                People.told(REDIS, bob, path).getLast().at("/data/user_id").textValue());
        assertEquals("direct_is_fixed", code(people.delete(ann, people.direct(ann, eve))));
    }

    @Test
    void a_channel_whose_last_member_left_is_over() throws Exception {
        String path = people.make(ann, "channel", "\"name\":\"Empty\",\"public\":true");
        people.delete(ann, path + "/members/me");
        assertEquals("not_found", code(people.post(eve, path + "/join", null)));
        assertEquals("not_found", code(people.get(ann, path)));
    }

    private HttpResponse<String> create(String body) throws Exception {
        return people.post(ann, "/v1/conversations", body);
    }

    private List<String> names(Person who, String query) throws Exception {
        return texts(
                json(people.get(who, "/v1/conversations?public=1&" + query)).at("/items"), "name");
    }

    private static String enc(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
