package chat.parley.systemtests.kill;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.notifier.LocalPushService;
import chat.parley.push.PushTarget;
import chat.parley.systemtests.history.Outcome;
import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.RunningParley;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * {@code kill -9} of the notifier, a hundred times in the middle of its work. Each message has a conversation of its own, so that no push stands for
 * another and every single one can be counted.
 */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class NotifierKillTest {
    private static final int KILLS = 100;
    private static final int PEOPLE = 10;

    /** A notifier that was started has to do this much before it is killed. */
    private static final int PUSHES_BETWEEN_KILLS = 5;

    /** Most pushes that came twice, of a hundred. */
    private static final double DUPLICATES_MAX = 1;

    /** Between two messages of the load. */
    private static final Duration PAUSE = Duration.ofMillis(20);

    /** The lease of what the last one held, and time to work it off. */
    private static final Duration SETTLED_MAX = Duration.ofSeconds(90);

    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final CountDownLatch ending = new CountDownLatch(1);

    @Test
    void no_push_is_lost_and_hardly_any_comes_twice_over_a_hundred_kills() throws Exception {
        try (var parley = RunningParley.start(Persistence.APPEND_ONLY_FILE);
                var service = LocalPushService.start()) {
            var ann = parley.api().signUp("ann");
            var people = new ArrayList<Person>();
            for (int i = 0; i < PEOPLE; i++) {
                var person = parley.api().signUp("pal");
                register(person, service.subscribe());
                people.add(person);
            }
            var load = Thread.ofVirtual().start(() -> send(ann, people));
            for (int i = 0; i < KILLS; i++) {
                int before = service.received().size();
                Awaitility.await()
                        .atMost(SETTLED_MAX)
                        .pollInterval(PAUSE)
                        .until(() -> service.received().size() >= before + PUSHES_BETWEEN_KILLS);
                parley.notifier().kill();
                parley.notifier().restart();
            }
            ending.countDown();
            load.join();
            Awaitility.await()
                    .atMost(SETTLED_MAX)
                    .untilAsserted(() -> assertEquals(Set.of(), missing(service), "pushes that never came"));
            var times = new HashMap<String, Integer>();
            for (var push : service.received()) {
                times.merge(push.json().get("conversation_id").textValue(), 1, Integer::sum);
            }
            long twice = times.values().stream().mapToLong(count -> count - 1).sum();
            System.out.println(
                    KILLS + " kills, " + times.size() + " pushes, none lost, " + twice + " came once more than once");
            assertTrue(twice * 100 < DUPLICATES_MAX * times.size(), twice + " of " + times.size() + " came twice");
            assertEquals(List.of(), service.faults());
        }
    }

    private Set<String> missing(LocalPushService service) {
        var missing = ConcurrentHashMap.<String>newKeySet();
        missing.addAll(acknowledged);
        service.received()
                .forEach(push ->
                        missing.remove(push.json().get("conversation_id").textValue()));
        return missing;
    }

    private void send(Person ann, List<Person> people) {
        try {
            for (int i = 0; !ending.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS); i++) {
                var group = ann.group("g" + i, List.of(people.get(i % people.size())));
                if (ann.send(group, "k", "message " + i).outcome() == Outcome.OK) {
                    acknowledged.add(group);
                }
            }
        } catch (Exception e) {
            throw new IllegalStateException("the load broke", e);
        }
    }

    private static void register(Person person, PushTarget.WebPush subscription) throws Exception {
        var body = Api.object().put("vendor", "web_push").put("state", "background");
        body.putObject("subscription")
                .put("endpoint", subscription.endpoint().toString())
                .putObject("keys")
                .put("p256dh", subscription.p256dh())
                .put("auth", subscription.auth());
        var answer = person.api().call("PUT", "/v1/devices/browser", person.token(), body.toString());
        assertEquals(201, answer.statusCode(), answer.body());
    }
}
