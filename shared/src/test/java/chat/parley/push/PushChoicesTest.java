package chat.parley.push;

import static org.junit.jupiter.api.Assertions.assertEquals;

import chat.parley.push.PushPreferences.QuietHours;
import chat.parley.testkit.RealPostgres;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PushChoicesTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final PushPreferences NIGHTS = new PushPreferences(
            false, new QuietHours(LocalTime.of(22, 0), LocalTime.of(7, 5), ZoneId.of("Europe/Berlin")));

    private final PushWorld world = new PushWorld(POSTGRES);
    private final PushChoices choices = world.choices;

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void everyone_begins_with_the_default() {
        var user = world.person();
        assertEquals(PushPreferences.DEFAULT, choices.of(user));
        assertEquals(Map.of(user, PushPreferences.DEFAULT), choices.of(List.of(user)));
    }

    @Test
    void a_choice_comes_back_and_the_next_one_replaces_it_whole() {
        var user = world.person();
        choices.set(user, NIGHTS);
        assertEquals(NIGHTS, choices.of(user));
        var bare = new PushPreferences(false, null);
        choices.set(user, bare);
        assertEquals(bare, choices.of(user));
        choices.set(user, PushPreferences.DEFAULT);
        assertEquals(PushPreferences.DEFAULT, choices.of(user));
    }

    @Test
    void those_of_many_people_come_in_one_answer() {
        var chosen = world.person();
        var undecided = world.person();
        choices.set(chosen, NIGHTS);
        assertEquals(
                Map.of(chosen, NIGHTS, undecided, PushPreferences.DEFAULT), choices.of(List.of(chosen, undecided)));
    }

    @Test
    void an_erased_choice_is_the_default_again_and_erased_people_choose_nothing() {
        var user = world.person();
        choices.set(user, NIGHTS);
        choices.erase(user);
        assertEquals(PushPreferences.DEFAULT, choices.of(user));
        world.erase(user);
        choices.set(user, NIGHTS);
        assertEquals(PushPreferences.DEFAULT, choices.of(user));
    }
}
