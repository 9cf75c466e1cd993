package chat.parley.sendapi.retention;

import static chat.parley.sendapi.People.json;
import static chat.parley.sendapi.People.problem;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.conversation.Expiry;
import chat.parley.id.ConversationId;
import chat.parley.message.MessageHeads;
import chat.parley.postgres.Postgres;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The limit of a conversation over HTTP: who sets it, what it may be, what its object says. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RetentionSettingTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

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
    void the_owner_sets_it_and_takes_it_away() throws Exception {
        var talk = ann.groupWith(bob);
        assertTrue(read(bob, talk).at("/retention_seconds").isMissingNode());
        assertEquals(
                3_600,
                change(ann, talk, "{\"retention_seconds\":3600}")
                        .at("/retention_seconds")
                        .intValue());
        assertEquals(3_600, read(bob, talk).at("/retention_seconds").intValue());
        var renamed = change(ann, talk, "{\"name\":\"Other\"}");
        assertEquals(3_600, renamed.at("/retention_seconds").intValue(), "what is not sent stays");
        var gone = change(ann, talk, "{\"retention_seconds\":null}");
        assertTrue(gone.at("/retention_seconds").isMissingNode(), gone.toString());
        assertEquals("Other", gone.at("/name").textValue());
    }

    @Test
    void in_groups_it_is_for_owners_and_in_direct_conversations_for_both() throws Exception {
        var talk = ann.groupWith(bob, eve);
        ann.ask("PATCH", "/v1/conversations/" + talk + "/members/" + bob.id(), "{\"role\":\"admin\"}");
        for (var other : List.of(bob, eve)) {
            assertEquals(403, patch(other, talk, "{\"retention_seconds\":3600}"));
        }
        assertEquals(403, patch(bob, talk, "{\"name\":\"New\",\"retention_seconds\":3600}"));
        assertEquals("Group", read(ann, talk).at("/name").textValue(), "nothing of it was done");
        var direct = ann.directWith(bob);
        assertEquals(200, patch(bob, direct, "{\"retention_seconds\":60}"));
        assertEquals(60, read(ann, direct).at("/retention_seconds").intValue());
        assertEquals(404, patch(eve, direct, "{\"retention_seconds\":60}"));
        assertEquals(200, patch(ann, direct, "{\"retention_seconds\":null}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"59", "0", "-1", "315360001", "\"60\"", "60.5", "true", "[]"})
    void limits_out_of_bounds_are_refused(String value) throws Exception {
        var talk = ann.groupWith();
        var answer = ann.ask("PATCH", "/v1/conversations/" + talk, "{\"retention_seconds\":" + value + "}");
        assertEquals(400, answer.statusCode(), answer.body());
        assertEquals(
                "/retention_seconds", problem(answer).at("/errors/0/pointer").textValue());
        assertTrue(read(ann, talk).at("/retention_seconds").isMissingNode());
    }

    @Test
    void what_expired_is_unpinned_and_the_object_tells_the_first_that_is_left() throws Exception {
        var talk = ann.groupWith();
        for (int i = 1; i <= 3; i++) {
            var body = "{\"client_message_id\":\"k" + i + "\",\"text\":\"text\"}";
            assertEquals(
                    201,
                    ann.ask("POST", "/v1/conversations/" + talk + "/messages", body)
                            .statusCode());
        }
        for (int seq : new int[] {1, 3, 2}) {
            assertEquals(
                    204,
                    ann.ask("PUT", "/v1/conversations/" + talk + "/pins/" + seq, null)
                            .statusCode());
        }
        assertTrue(read(ann, talk).at("/first_seq").isMissingNode());
        try (var postgres = Postgres.open(POSTGRES.address(), 2)) {
            var clock = Clock.systemUTC();
            new Expiry(postgres, MessageHeads.IN_ROWS, clock).hide(ConversationId.parse(talk), 2, clock.instant());
        }
        var conversation = read(ann, talk);
        assertEquals(2, conversation.at("/first_seq").intValue());
        assertEquals("[2,3]", conversation.at("/pinned_seqs").toString());
        assertEquals(2, conversation.at("/me/joined_seq").intValue());
    }

    private static JsonNode change(Person actor, String talk, String body) throws Exception {
        var answer = actor.ask("PATCH", "/v1/conversations/" + talk, body);
        assertEquals(200, answer.statusCode(), answer.body());
        return json(answer);
    }

    private static int patch(Person actor, String talk, String body) throws Exception {
        return actor.ask("PATCH", "/v1/conversations/" + talk, body).statusCode();
    }

    private static JsonNode read(Person reader, String talk) throws Exception {
        return json(reader.ask("GET", "/v1/conversations/" + talk, null));
    }
}
