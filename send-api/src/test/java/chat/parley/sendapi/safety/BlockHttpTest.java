package chat.parley.sendapi.safety;

import static chat.parley.sendapi.People.code;
import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.refusal;
import static chat.parley.sendapi.People.texts;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.UserId;
import chat.parley.postgres.Postgres;
import chat.parley.safety.Blocks;
import chat.parley.sendapi.People;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BlockHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private RunningSendApi api;
    private People people;

    @BeforeAll
    void start() {
        api = RunningSendApi.start(POSTGRES, REDIS);
        people = new People(api);
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void neither_side_of_a_block_reaches_the_other_and_both_get_the_same_answer() throws Exception {
        var ann = people.signUp();
        var bob = people.signUp();
        String path = people.direct(ann, bob);
        assertEquals(201, people.say(bob, path, "before").statusCode());
        assertEquals(204, people.put(ann, blocked(bob)).statusCode());
        assertEquals(204, people.put(ann, blocked(bob)).statusCode());

        assertEquals(withoutNames(people.say(ann, path, "from ann")), withoutNames(people.say(bob, path, "from bob")));
        assertEquals("forbidden", code(people.say(bob, path, "again")));
        assertEquals("forbidden", code(people.patch(bob, path + "/messages/1", "{\"text\":\"edited\"}")));
        assertEquals("forbidden", code(people.put(bob, path + "/messages/1/reactions/%F0%9F%91%8D")));
        assertEquals("forbidden", code(people.put(bob, path + "/pins/1")));
        assertEquals(1, json(people.get(bob, path + "/messages")).at("/items").size());
        assertEquals(path, people.direct(bob, ann));
        assertEquals(
                List.of("conversation.created", "message.created"),
                People.typesTold(REDIS, bob, path),
                "nobody is told");

        assertEquals(204, people.put(bob, blocked(ann)).statusCode());
        assertEquals(204, people.delete(ann, blocked(bob)).statusCode());
        assertEquals("forbidden", code(people.say(ann, path, "still bob's block")));
        assertEquals(204, people.delete(bob, blocked(ann)).statusCode());
        assertEquals(204, people.delete(bob, blocked(ann)).statusCode());
        assertEquals(201, people.say(ann, path, "peace").statusCode());
    }

    @Test
    void a_block_that_another_node_does_not_know_of_is_found_out_by_the_version() throws Exception {
        try (var other = RunningSendApi.start(POSTGRES, REDIS)) {
            var there = new People(other);
            var ann = people.signUp();
            var bob = people.signUp();
            String path = people.direct(ann, bob);
            assertEquals(201, there.say(bob, path, "cached there").statusCode());
            people.put(ann, blocked(bob));
            assertEquals("forbidden", code(there.say(bob, path, "too late")));
            people.delete(ann, blocked(bob));
            assertEquals(201, there.say(bob, path, "again").statusCode());
        }
    }

    @Test
    void no_conversation_begins_while_one_blocks_the_other() throws Exception {
        var ann = people.signUp();
        var bob = people.signUp();
        people.put(ann, blocked(bob));
        assertEquals("forbidden", code(direct(bob, ann)));
        assertEquals("forbidden", code(direct(ann, bob)));
        people.delete(ann, blocked(bob));
        assertEquals(201, direct(bob, ann).statusCode());
    }

    @Test
    void a_block_and_a_first_conversation_at_once_never_end_with_a_way_through() throws Exception {
        for (int round = 0; round < 15; round++) {
            var ann = people.signUp();
            var bob = people.signUp();
            var tasks = new ArrayList<Callable<HttpResponse<String>>>();
            tasks.add(() -> people.put(ann, blocked(bob)));
            tasks.add(() -> {
                var made = direct(bob, ann);
                return made.statusCode() == 201
                        ? people.say(bob, "/v1/conversations/" + People.id(made), "quick")
                        : made;
            });
            var answers = People.atOnce(tasks);
            assertEquals(204, answers.getFirst().statusCode());
            var mine = json(people.get(bob, "/v1/conversations")).at("/items");
            if (mine.size() == 1) {
                String path = "/v1/conversations/" + mine.at("/0/id").textValue();
                assertEquals("forbidden", code(people.say(bob, path, "after")));
            } else {
                assertEquals("forbidden", code(answers.getLast()));
            }
        }
    }

    @Test
    void a_block_does_not_reach_into_groups() throws Exception {
        var ann = people.signUp();
        var bob = people.signUp();
        people.put(ann, blocked(bob));
        String path = people.group(bob, ann);
        assertEquals(201, people.say(bob, path, "all of you").statusCode());
        assertEquals(204, people.delete(ann, path + "/members/me").statusCode());
    }

    @Test
    void a_list_of_blocks_is_ones_own_and_comes_in_pages() throws Exception {
        var ann = people.signUp();
        var crowd = people.signUp(3);
        for (var each : crowd) {
            people.put(ann, blocked(each));
        }
        var first = json(people.get(ann, "/v1/users/me/blocks?limit=2"));
        var second = json(people.get(
                ann, "/v1/users/me/blocks?limit=2&after=" + first.at("/after").textValue()));
        assertEquals(List.of(crowd.get(0).id(), crowd.get(1).id()), texts(first.at("/items"), "user_id"));
        assertEquals(List.of(crowd.get(2).id()), texts(second.at("/items"), "user_id"));
        assertFalse(second.has("after"));
        assertEquals(
                0,
                json(people.get(crowd.getFirst(), "/v1/users/me/blocks"))
                        .at("/items")
                        .size());
    }

    @Test
    void oneself_and_nobody_cannot_be_blocked() throws Exception {
        var ann = people.signUp();
        assertEquals("user yourself", refusal(people.put(ann, "/v1/users/me/blocks/me")));
        assertEquals("user yourself", refusal(people.put(ann, "/v1/users/me/blocks/" + ann.id())));
        assertEquals("not_found", code(people.put(ann, "/v1/users/me/blocks/0000000000009")));
        assertEquals("not_found", code(people.put(ann, "/v1/users/me/blocks/nonsense")));
        assertEquals("after not_a_cursor", refusal(people.get(ann, "/v1/users/me/blocks?after=x")));
    }

    @Test
    void a_thousand_are_blocked_at_most() throws Exception {
        var ann = people.signUp();
        var bob = people.signUp();
        var carol = people.signUp();
        long me = UserId.parse(ann.id()).value();
        execute("INSERT INTO users (id, username, display_name, search_name, created_at) "
                + "SELECT n, 'crowd' || n, 'x', 'x', now() FROM generate_series(1000, 1998) n");
        execute("INSERT INTO block SELECT " + me + ", n, now() FROM generate_series(1000, 1998) n");
        assertEquals(204, people.put(ann, blocked(bob)).statusCode());
        assertEquals("too_many_blocks", code(people.put(ann, blocked(carol))));
        assertEquals(204, people.put(ann, blocked(bob)).statusCode());
        people.delete(ann, blocked(bob));
        assertEquals(204, people.put(ann, blocked(carol)).statusCode());
    }

    @Test
    void among_others_both_directions_count() throws Exception {
        var ann = people.signUp();
        var crowd = people.signUp(3);
        people.put(ann, blocked(crowd.get(0)));
        people.put(crowd.get(1), blocked(ann));
        try (var postgres = Postgres.open(POSTGRES.address(), 2)) {
            var others = crowd.stream().map(each -> UserId.parse(each.id())).toList();
            assertEquals(Set.of(others.get(0), others.get(1)), Blocks.among(postgres, UserId.parse(ann.id()), others));
            assertTrue(Blocks.among(postgres, UserId.parse(ann.id()), List.of()).isEmpty());
        }
    }

    private HttpResponse<String> direct(Person one, Person other) throws Exception {
        return people.post(one, "/v1/conversations", "{\"type\":\"direct\",\"user_id\":\"" + other.id() + "\"}");
    }

    private static String blocked(Person other) {
        return "/v1/users/me/blocks/" + other.id();
    }

    private static String withoutNames(HttpResponse<String> problem) {
        return problem.statusCode() + problem.body().replaceAll("\"request_id\":\"[^\"]*\",?", "");
    }

    private static void execute(String statement) throws Exception {
        try (var connection = POSTGRES.dataSource().getConnection();
                var update = connection.createStatement()) {
            update.execute(statement);
        }
    }
}
