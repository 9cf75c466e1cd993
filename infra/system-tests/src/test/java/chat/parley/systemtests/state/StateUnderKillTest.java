package chat.parley.systemtests.state;

import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.RunningParley;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * People act at random while processes are killed: whatever half of an act came about, everybody is told of it in the end, since each change is committed together
 * with the note that it must be told.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class StateUnderKillTest {
    private static final int PEOPLE = 4;
    private static final int ACTS = 150;

    /** When all is well again: nothing may be stuck. */
    private static final int ACTS_AFTER = 80;

    /** Acts that are over when something is killed: the others are under way or come into the outage. */
    private static final int ACTS_BEFORE = 40;

    private RunningParley parley;

    private interface Fault {
        void happen() throws Exception;
    }

    @BeforeAll
    void start() throws Exception {
        parley = RunningParley.start(Persistence.APPEND_ONLY_FILE);
    }

    @AfterAll
    void stop() throws Exception {
        parley.close();
    }

    @Test
    void kill_9_of_send_api_leaves_nothing_untold() throws Exception {
        actDuring(21, () -> {
            parley.sendApi().kill();
            parley.sendApi().restart();
        });
    }

    @Test
    void kill_9_of_redis_leaves_nothing_untold() throws Exception {
        actDuring(22, () -> {
            parley.redis().kill();
            parley.redis().restart();
        });
    }

    @Test
    void kill_9_of_postgresql_leaves_nothing_untold() throws Exception {
        actDuring(23, () -> {
            parley.postgres().kill();
            parley.postgres().restart();
        });
    }

    private void actDuring(long seed, Fault fault) throws Exception {
        awaitReady();
        var people = new ArrayList<Person>();
        for (int i = 0; i < PEOPLE; i++) {
            people.add(parley.api().signUp("killed"));
        }
        var acts = new RandomActs(parley.api(), people, new Random(seed), true);
        var followers = new ArrayList<Follower>();
        for (var person : people) {
            followers.add(Follower.of(person));
        }
        var results = act(acts, ACTS, fault);
        awaitReady();
        results.addAll(act(acts, ACTS_AFTER, () -> {}));
        assertTrue(
                results.stream().filter(result -> result.endsWith("201")).count() > 20,
                () -> "too little came about: " + results);
        for (var follower : followers) {
            follower.assertAllEqualAFreshFetch();
        }
    }

    private void awaitReady() {
        Awaitility.await("service")
                .until(() ->
                        parley.sendApi().readyStatus() == 200 && parley.stream().readyStatus() == 200);
    }

    private static List<String> act(RandomActs acts, int count, Fault fault) throws Exception {
        var results = new ArrayList<String>();
        try (var threads = Executors.newFixedThreadPool(PEOPLE)) {
            var pending = new ArrayList<Future<String>>();
            for (int i = 0; i < count; i++) {
                pending.add(threads.submit(acts.next()));
            }
            Awaitility.await()
                    .until(() -> pending.stream().filter(Future::isDone).count() >= Math.min(count, ACTS_BEFORE));
            fault.happen();
            for (var each : pending) {
                results.add(each.get());
            }
        }
        return results;
    }
}
