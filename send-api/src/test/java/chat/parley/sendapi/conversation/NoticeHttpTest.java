package chat.parley.sendapi.conversation;

import static chat.parley.sendapi.People.code;
import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.refusal;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import chat.parley.sendapi.People;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NoticeHttpTest {
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
    void changes_of_members_and_of_the_name_stand_among_the_messages() throws Exception {
        String path = people.group(ann, bob);
        add(path, carol);
        people.delete(carol, path + "/members/me");
        add(path, carol);
        people.delete(ann, path + "/members/" + carol.id());
        people.patch(ann, path, "{\"name\":\"Better\",\"topic\":\"more\"}");
        people.patch(ann, path, "{\"topic\":\"less\"}");
        people.appoint(ann, path, bob, "admin");
        people.put(ann, path + "/bans/" + bob.id());

        assertEquals(
                List.of(
                        "member.joined " + carol.id() + " by " + ann.id(),
                        "member.left " + carol.id() + " by " + carol.id(),
                        "member.joined " + carol.id() + " by " + ann.id(),
                        "member.removed " + carol.id() + " by " + ann.id(),
                        "conversation.renamed Better by " + ann.id(),
                        "member.removed " + bob.id() + " by " + ann.id()),
                notices(ann, path));
        var message = json(people.get(ann, path + "/messages?after=0")).at("/items/0");
        assertEquals("system", message.at("/type").textValue());
        assertFalse(message.has("text"));
        assertEquals(1, message.at("/system/count").intValue());
        var told = People.told(REDIS, bob, path);
        assertEquals(message, told.get(2).at("/data"), "after the change itself, in the same bytes");
        await().until(() -> rows("SELECT count(*) FROM outbox") + rows("SELECT count(*) FROM notice") == 0);
    }

    @Test
    void who_joins_sees_the_notice_of_it() throws Exception {
        String path = people.group(ann);
        people.say(ann, path, "before");
        add(path, bob);
        var seen = json(people.get(bob, path + "/messages")).at("/items");
        assertEquals(1, seen.size());
        assertEquals("member.joined", seen.at("/0/system/event").textValue());
        assertEquals(
                "system", json(people.get(bob, path)).at("/last_message/type").textValue());
    }

    @Test
    void many_who_are_added_together_are_one_notice_that_names_twenty() throws Exception {
        String path = people.group(ann);
        var crowd = people.signUp(25);
        add(path, crowd.toArray(Person[]::new));
        var notice = json(people.get(ann, path + "/messages")).at("/items/0/system");
        assertEquals(25, notice.at("/count").intValue());
        assertEquals(20, notice.at("/user_ids").size());
    }

    @Test
    void between_two_in_public_comings_and_goings_and_at_the_end_nothing_is_said() throws Exception {
        String direct = people.direct(ann, bob);
        assertEquals(List.of(), notices(ann, direct));
        String open = people.make(ann, "channel", "\"name\":\"Open\",\"public\":true");
        people.post(bob, open + "/join", null);
        people.delete(bob, open + "/members/me");
        people.post(bob, open + "/join", null);
        assertEquals(List.of(), notices(ann, open));
        people.delete(ann, open + "/members/" + bob.id());
        assertEquals(List.of("member.removed " + bob.id() + " by " + ann.id()), notices(ann, open));
        String alone = people.group(ann);
        people.delete(ann, alone + "/members/me");
        String over = people.group(ann, bob);
        people.delete(ann, over);
        await().until(() -> rows("SELECT count(*) FROM outbox") + rows("SELECT count(*) FROM notice") == 0);
        assertEquals(0, rows("SELECT last_seq FROM conversation WHERE id = (SELECT max(id) FROM conversation)"));
    }

    @Test
    void nobody_edits_a_notice_or_takes_its_key() throws Exception {
        String path = people.group(ann);
        add(path, bob);
        assertEquals("forbidden", code(people.patch(ann, path + "/messages/1", "{\"text\":\"mine\"}")));
        assertEquals(
                "/client_message_id reserved",
                refusal(people.post(ann, path + "/messages", "{\"client_message_id\":\"system:1\",\"text\":\"x\"}")));
        assertEquals(
                "/type not_a_type",
                refusal(people.post(
                        ann, path + "/messages", "{\"client_message_id\":\"k\",\"type\":\"system\",\"text\":\"x\"}")));
    }

    @Test
    void each_of_many_changes_at_once_has_its_one_notice() throws Exception {
        String path = people.group(ann);
        var crowd = people.signUp(10);
        var tasks = new ArrayList<Callable<Integer>>();
        for (var each : crowd) {
            tasks.add(() -> add(path, each));
            tasks.add(() -> people.say(ann, path, "meanwhile").statusCode());
        }
        People.atOnce(tasks);
        await().until(() -> rows("SELECT count(*) FROM notice") == 0);
        var notices = notices(ann, path);
        assertEquals(10, notices.size());
        assertEquals(10, notices.stream().distinct().count());
        assertEquals(20, json(people.get(ann, path)).at("/last_seq").intValue());
    }

    private int add(String path, Person... joiners) throws Exception {
        var ids = new ArrayList<String>();
        for (var joiner : joiners) {
            ids.add('"' + joiner.id() + '"');
        }
        int status = people.post(ann, path + "/members", "{\"user_ids\":[" + String.join(",", ids) + "]}")
                .statusCode();
        assertEquals(200, status);
        return status;
    }

    private List<String> notices(Person reader, String path) throws Exception {
        var items =
                json(people.get(reader, path + "/messages?after=0&limit=200")).at("/items");
        return StreamSupport.stream(items.spliterator(), false)
                .filter(item -> item.at("/type").asText().equals("system"))
                .map(NoticeHttpTest::words)
                .toList();
    }

    private static String words(JsonNode message) {
        var system = message.at("/system");
        String about = system.has("name")
                ? system.at("/name").textValue()
                : system.at("/user_ids/0").textValue();
        return system.at("/event").textValue() + " " + about + " by "
                + message.at("/sender_id").textValue();
    }

    private static long rows(String query) throws Exception {
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
