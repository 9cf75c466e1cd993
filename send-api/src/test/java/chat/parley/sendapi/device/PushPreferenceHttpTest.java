package chat.parley.sendapi.device;

import static chat.parley.sendapi.People.refusal;
import static org.junit.jupiter.api.Assertions.assertEquals;

import chat.parley.sendapi.People;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PushPreferenceHttpTest {
    private static final String PATH = "/v1/users/me/notifications";

    private static final String NIGHTS =
            "{\"preview\":false,\"quiet_hours\":{\"from\":\"22:00\",\"to\":\"07:00\",\"time_zone\":\"Europe/Berlin\"}}";

    private static final String BEGINNING = "{\"preview\":true}";

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private RunningSendApi api;
    private People people;

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        people = new People(api);
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void a_choice_is_kept_whole_and_for_its_person_only() throws Exception {
        var ann = people.signUp();
        assertEquals(BEGINNING, people.get(ann, PATH).body());
        assertEquals(NIGHTS, put(ann, NIGHTS).body());
        assertEquals(NIGHTS, people.get(ann, PATH).body());
        assertEquals(BEGINNING, people.get(people.signUp(), PATH).body());
        assertEquals("{\"preview\":false}", put(ann, "{\"preview\":false}").body());
        assertEquals("{\"preview\":false}", people.get(ann, PATH).body());
        assertEquals(BEGINNING, put(ann, "{}").body());
        assertEquals(BEGINNING, people.get(ann, PATH).body());
        assertEquals(BEGINNING, put(ann, "{\"quiet_hours\":null}").body());
        assertEquals(401, people.send("GET", null, PATH, null, null).statusCode());
    }

    @Test
    void what_is_no_choice_is_refused_and_changes_nothing() throws Exception {
        var ann = people.signUp();
        put(ann, NIGHTS);
        var wrong = Map.ofEntries(
                Map.entry("{\"preview\":\"yes\"}", "/preview not_a_boolean"),
                Map.entry("{\"quiet_hours\":[]}", "/quiet_hours not_an_object"),
                Map.entry("{\"quiet_hours\":{}}", "/quiet_hours/from required"),
                Map.entry(hours("22:00", "24:00", "UTC"), "/quiet_hours/to not_a_time_of_day"),
                Map.entry(hours("7:00", "22:00", "UTC"), "/quiet_hours/from too_short"),
                Map.entry(hours("07:0", "22:00", "UTC"), "/quiet_hours/from too_short"),
                Map.entry(hours("07:60", "22:00", "UTC"), "/quiet_hours/from not_a_time_of_day"),
                Map.entry(hours("07:00:00", "22:00", "UTC"), "/quiet_hours/from too_long"),
                Map.entry(hours("07:00", "07:00", "UTC"), "/quiet_hours/to same_as_from"),
                Map.entry(hours("07:00", "22:00", "+01:00"), "/quiet_hours/time_zone not_a_time_zone"),
                Map.entry(hours("07:00", "22:00", "Europe/Atlantis"), "/quiet_hours/time_zone not_a_time_zone"),
                Map.entry(hours("07:00", "22:00", "europe/berlin"), "/quiet_hours/time_zone not_a_time_zone"),
                Map.entry(
                        "{\"quiet_hours\":{\"from\":\"07:00\",\"to\":\"08:00\",\"time_zone\":\"UTC\",\"x\":1}}",
                        "/quiet_hours/x unknown_field"));
        for (var each : wrong.entrySet()) {
            assertEquals(each.getValue(), refusal(put(ann, each.getKey())), each.getKey());
        }
        assertEquals(NIGHTS, people.get(ann, PATH).body());
    }

    private static String hours(String from, String to, String zone) {
        return "{\"quiet_hours\":{\"from\":\"" + from + "\",\"to\":\"" + to + "\",\"time_zone\":\"" + zone + "\"}}";
    }

    private HttpResponse<String> put(Person who, String body) throws Exception {
        return people.send("PUT", who, PATH, body);
    }
}
