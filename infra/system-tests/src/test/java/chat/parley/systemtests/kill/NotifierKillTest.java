package chat.parley.systemtests.kill;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.notifier.LocalPushService;
import chat.parley.push.PushJobs;
import chat.parley.redis.RedisKeys;
import chat.parley.systemtests.history.Outcome;
import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.RunningParley;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * {@code kill -9} of the notifier, a hundred times in the middle of its work. A conversation has its next message long after the one before was pushed, so that
 * no push stands for another and every single one can be counted.
 */
@Timeout(value = 900, unit = TimeUnit.SECONDS)
class NotifierKillTest {
    private static final int KILLS = 100;
    private static final int PEOPLE = 10;
    private static final int CONVERSATIONS = 600;

    /** A notifier does this much before it is killed. */
    private static final int PUSHES_BETWEEN_KILLS = 30;

    /**
     * What a notifier has under way when it is killed may come twice. One that has just started, cold and with two seconds of messages before it, has a hundred: here it is
     * killed once it has worked them off and pushes what comes in.
     */
    private static final int UNDER_WAY_MAX = 2;

    /** Most pushes that came twice, of a hundred. */
    private static final double DUPLICATES_MAX = 1;

    /** Between two messages: some thirty-five a second. */
    private static final Duration PAUSE = Duration.ofMillis(25);

    /** Between two looks; no multiple of the one above. */
    private static final Duration LOOK = Duration.ofMillis(7);

    /** The lease of what the last one held, and time to work it off. */
    private static final Duration SETTLED_MAX = Duration.ofSeconds(90);

    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final CountDownLatch ending = new CountDownLatch(1);

    @Test
    void no_push_is_lost_and_hardly_any_comes_twice_over_a_hundred_kills() throws Exception {
        try (var parley = RunningParley.start(Persistence.APPEND_ONLY_FILE);
                var service = LocalPushService.start()) {
            var ann = parley.api().signUp("ann");
            var groups = groups(parley.api(), ann, service);
            var load = Thread.ofVirtual().start(() -> send(ann, groups));
            long started = System.currentTimeMillis();
            for (int i = 0; i < KILLS; i++) {
                awaitPushes(service, PUSHES_BETWEEN_KILLS);
                awaitWorkedOff(parley, started);
                parley.notifier().kill();
                started = System.currentTimeMillis();
                parley.notifier().restart();
            }
            ending.countDown();
            load.join();
            Awaitility.await()
                    .atMost(SETTLED_MAX)
                    .untilAsserted(() -> assertEquals(Set.of(), missing(service), "pushes that never came"));
            long pushes = service.received().size();
            long twice = pushes - acknowledged.size();
            System.out.println(KILLS + " kills, " + acknowledged.size() + " pushes, none lost, " + twice + " twice");
            assertTrue(twice * 100 < DUPLICATES_MAX * pushes, twice + " of " + pushes + " came twice");
            assertEquals(List.of(), service.faults());
        }
    }

    private static List<String> groups(Api api, Person ann, LocalPushService service) throws Exception {
        var people = new ArrayList<Person>();
        for (int i = 0; i < PEOPLE; i++) {
            var person = api.signUp("pal");
            person.registerBrowser(service.subscribe());
            people.add(person);
        }
        var groups = new ArrayList<String>();
        for (int i = 0; i < CONVERSATIONS; i++) {
            groups.add(ann.group("g" + i, List.of(people.get(i % PEOPLE))));
        }
        return groups;
    }

    private static void awaitPushes(LocalPushService service, int more) {
        int before = service.received().size();
        Awaitility.await()
                .atMost(SETTLED_MAX)
                .pollInterval(LOOK)
                .until(() -> service.received().size() >= before + more);
    }

    /** Nothing is due, and hardly anything is in the hands of the notifier that was started then. */
    private static void awaitWorkedOff(RunningParley parley, long started) {
        long lease = PushJobs.LEASE.toMillis();
        try (var jedis = parley.jedis()) {
            Awaitility.await().atMost(SETTLED_MAX).pollInterval(LOOK).until(() -> {
                long now = System.currentTimeMillis();
                // Leases of those before it end sooner, and what is not due yet will be in a second.
                double leasedByIt = (double) Math.max(started + lease, now + lease / 2);
                return jedis.zcount(RedisKeys.PUSH_JOBS, 0, (double) now) == 0
                        && jedis.zcount(RedisKeys.PUSH_JOBS, leasedByIt, Double.MAX_VALUE) <= UNDER_WAY_MAX;
            });
        }
    }

    private Set<String> missing(LocalPushService service) {
        var missing = new HashSet<>(acknowledged);
        for (var push : service.received()) {
            var json = push.json();
            missing.remove(json.get("conversation_id").textValue() + ":"
                    + json.get("seq").longValue());
        }
        return missing;
    }

    private void send(Person ann, List<String> groups) {
        try {
            for (int i = 0; !ending.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS); i++) {
                var group = groups.get(i % groups.size());
                var attempt = ann.send(group, "k" + i, "message " + i);
                if (attempt.outcome() != Outcome.OK) {
                    throw new IllegalStateException("nothing but the notifier is killed here: " + attempt);
                }
                acknowledged.add(group + ":" + attempt.seq());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
