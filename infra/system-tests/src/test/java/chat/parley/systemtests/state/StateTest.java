package chat.parley.systemtests.state;

import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.SharedParley;
import java.util.ArrayList;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Several people act at random and at once. Each of them fetched everything before; the events, applied to that, must give what a fresh fetch gives: followed
 * live, replayed exactly, and rebuilt from history.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class StateTest {
    private static final int PEOPLE = 5;
    private static final int ACTS = 160;

    private final Api api = SharedParley.get().api();

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    void events_applied_to_an_old_state_equal_a_fresh_fetch(long seed) throws Exception {
        var people = new ArrayList<Person>();
        for (int i = 0; i < PEOPLE; i++) {
            people.add(api.signUp("state"));
        }
        var acts = new RandomActs(api, people, new Random(seed), false);
        for (int i = 0; i < ACTS / 4; i++) {
            acts.next().call();
        }
        var followers = new ArrayList<Follower>();
        for (var person : people) {
            followers.add(Follower.of(person));
        }
        var done = new TreeSet<String>();
        try (var threads = Executors.newFixedThreadPool(PEOPLE)) {
            for (int round = 0; round < 4; round++) {
                var some = new ArrayList<Callable<String>>();
                for (int i = 0; i < ACTS / 4; i++) {
                    some.add(acts.next());
                }
                for (var each : threads.invokeAll(some)) {
                    done.add(each.get());
                }
                for (var follower : followers) {
                    follower.followLive();
                }
            }
        }
        for (var follower : followers) {
            follower.assertAllEqualAFreshFetch();
        }
        assertTrue(done.size() > 12, () -> "acts that succeeded at all: " + done);
    }
}
