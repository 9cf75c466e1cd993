package chat.parley.sendapi.conversation;

import static chat.parley.sendapi.People.code;
import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.texts;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import chat.parley.sendapi.People;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PinHttpTest {
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
    void pins_stand_in_the_conversation_newest_first_and_members_are_told() throws Exception {
        String path = people.group(ann, bob);
        for (String text : List.of("one", "two", "three")) {
            people.say(ann, path, text);
        }
        assertFalse(json(people.get(ann, path)).has("pinned_seqs"));
        assertEquals(204, people.put(bob, path + "/pins/1").statusCode());
        assertEquals(204, people.put(ann, path + "/pins/3").statusCode());
        assertEquals(204, people.put(ann, path + "/pins/1").statusCode());
        assertEquals("[3,1]", json(people.get(ann, path)).at("/pinned_seqs").toString());
        assertEquals(
                List.of("three", "one"),
                texts(json(people.get(bob, path + "/pins")).at("/items"), "text"));
        var told = People.told(REDIS, bob, path);
        assertEquals("[3,1]", told.getLast().at("/data/pinned_seqs").toString());
        assertEquals(
                2,
                told.stream()
                        .filter(event -> event.at("/type").asText().equals("conversation.updated"))
                        .count());

        assertEquals(204, people.delete(bob, path + "/pins/3").statusCode());
        assertEquals(204, people.delete(bob, path + "/pins/3").statusCode());
        assertEquals("[1]", json(people.get(ann, path)).at("/pinned_seqs").toString());
    }

    @Test
    void what_is_not_there_or_not_seen_is_not_pinned() throws Exception {
        String path = people.group(ann, bob);
        people.say(ann, path, "before");
        people.put(ann, path + "/pins/1");
        people.post(ann, path + "/members", "{\"user_ids\":[\"" + eve.id() + "\"]}");
        for (String seq : List.of("0", "3", "-1", "x", "99999999999999999999")) {
            assertEquals("not_found", code(people.put(ann, path + "/pins/" + seq)), seq);
            assertEquals("not_found", code(people.delete(ann, path + "/pins/" + seq)), seq);
        }
        assertEquals("not_found", code(people.put(eve, path + "/pins/1")));
        assertEquals(0, json(people.get(eve, path + "/pins")).at("/items").size());
        assertEquals(1, json(people.get(bob, path + "/pins")).at("/items").size());
        assertEquals("not_found", code(people.get(people.signUp(), path + "/pins")));
    }

    @Test
    void in_a_channel_admins_pin() throws Exception {
        String path = people.make(ann, "channel", "\"name\":\"Pins\"", bob);
        people.say(bob, path, "mine");
        assertEquals("forbidden", code(people.put(bob, path + "/pins/1")));
        assertEquals(204, people.put(ann, path + "/pins/1").statusCode());
        assertEquals("forbidden", code(people.delete(bob, path + "/pins/1")));
        assertEquals(1, json(people.get(bob, path + "/pins")).at("/items").size());
        String direct = people.direct(ann, bob);
        people.say(ann, direct, "us");
        assertEquals(204, people.put(bob, direct + "/pins/1").statusCode());
    }

    @Test
    void fifty_are_pinned_at_most_also_at_once() throws Exception {
        String path = people.group(ann, bob);
        var tasks = new ArrayList<Callable<Integer>>();
        for (int seq = 1; seq <= 55; seq++) {
            people.say(ann, path, "text");
            String pin = path + "/pins/" + seq;
            tasks.add(() -> people.put(ann, pin).statusCode());
        }
        var statuses = People.atOnce(tasks);
        assertEquals(50, statuses.stream().filter(status -> status == 204).count());
        assertEquals(5, statuses.stream().filter(status -> status == 409).count());
        assertEquals(50, json(people.get(bob, path + "/pins")).at("/items").size());
        long free = java.util.stream.LongStream.rangeClosed(1, 55)
                .filter(seq -> statuses.get((int) seq - 1) == 409)
                .findFirst()
                .orElseThrow();
        assertEquals("too_many_pins", code(people.put(ann, path + "/pins/" + free)));
        long taken = java.util.stream.LongStream.rangeClosed(1, 55)
                .filter(seq -> statuses.get((int) seq - 1) == 204)
                .findFirst()
                .orElseThrow();
        people.delete(ann, path + "/pins/" + taken);
        assertEquals(204, people.put(ann, path + "/pins/" + free).statusCode());
    }
}
