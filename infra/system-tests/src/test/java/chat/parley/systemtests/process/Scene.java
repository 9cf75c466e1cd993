package chat.parley.systemtests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import chat.parley.systemtests.history.Checker;
import chat.parley.systemtests.history.History;
import chat.parley.systemtests.history.Outcome;
import chat.parley.systemtests.history.Seen;
import chat.parley.systemtests.history.Truth;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/**
 * People who chat on a running Parley while a test breaks something: every person has a device that is connected, one has two, everyone sends in
 * every conversation, and all of it is recorded. {@link #settle} ends the sending and checks the promise.
 */
public final class Scene implements AutoCloseable {
    /** The promise: everything acknowledged is delivered within 60 s after the last fault. */
    private static final Duration DELIVERED_MAX = Duration.ofSeconds(60);

    private static final Duration PROGRESS_MAX = Duration.ofSeconds(45);
    private static final Duration POLL = Duration.ofMillis(50);

    /** Five people at 20 messages a second each leave the two cores some room for the services. */
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final History history = new History();
    private final List<Person> people = new ArrayList<>();
    private final Map<String, Set<Person>> conversations = new HashMap<>();
    private final List<Device> devices = new ArrayList<>();
    private final Load load;

    private Scene(Api api) throws Exception {
        for (var name : List.of("ann", "bob", "cid", "dee", "eve")) people.add(api.signUp(name));
        var everyone = people.getFirst().group("everyone", people.subList(1, people.size()));
        conversations.put(everyone, Set.copyOf(people));
        var ours = people.subList(0, 4);
        conversations.put(ours.get(3).group("most of us", ours.subList(0, 3)), Set.copyOf(ours));
        for (int i = 0; i < people.size(); i++) {
            devices.add(connect(people.get(i), i));
        }
        devices.add(connect(people.getFirst(), people.size()));
        load = Load.start(history, ours, List.copyOf(conversations.keySet()), PAUSE);
    }

    private Device connect(Person person, int number) throws Exception {
        return Device.connect(person, history.device("device " + number + " of " + person.username(), person.id()));
    }

    /** Starts to chat, and returns when messages flow. */
    public static Scene start(RunningParley parley) throws Exception {
        return start(parley.api());
    }

    /** The same for people who reach Parley in another way. */
    public static Scene start(Api api) throws Exception {
        var scene = new Scene(api);
        try {
            scene.awaitAcknowledged(50);
            return scene;
        } catch (AssertionError | RuntimeException e) {
            scene.close();
            throw e;
        }
    }

    /** Returns when so many more messages were acknowledged. */
    public void awaitAcknowledged(long more) {
        long until = history.acknowledged() + more;
        Awaitility.await(more + " more acknowledgements")
                .atMost(PROGRESS_MAX)
                .pollInterval(POLL)
                .until(() -> history.acknowledged() >= until);
    }

    /** Returns when so many more requests had no answer, or one that says to try again. */
    public void awaitUnanswered(long more) {
        long until = unanswered() + more;
        Awaitility.await(more + " more unanswered requests")
                .atMost(PROGRESS_MAX)
                .pollInterval(POLL)
                .until(() -> unanswered() >= until);
    }

    /** Returns when every device went live once more than before; call it before the cut and run what is answered after it. */
    public Runnable afterEveryDeviceIsBack() {
        var before = devices.stream().map(Device::caughtUp).toList();
        return () -> {
            for (int i = 0; i < devices.size(); i++) devices.get(i).awaitCaughtUp(before.get(i) + 1);
        };
    }

    /** The slowest acknowledgement since the last call. */
    public Duration slowestAcknowledgement() {
        return load.slowestAcknowledgement();
    }

    /** All devices. */
    public List<Device> devices() {
        return devices;
    }

    /** Lets every sender finish, waits until every device has everything, and checks what was recorded against what is stored. */
    public void settle() throws Exception {
        load.close();
        var truth = truth();
        // The first check that finds nothing ends the wait; at the end of it, the last one says what is broken.
        Awaitility.await("everything holds on every device")
                .atMost(DELIVERED_MAX)
                .pollInterval(POLL)
                .untilAsserted(() -> assertEquals(List.of(), Checker.check(history, truth)));
    }

    /** Requests so far that had no answer, or one that says to try again. */
    public long unanswered() {
        return history.attempts().stream()
                .filter(a -> a.outcome() == Outcome.UNKNOWN)
                .count();
    }

    private Truth truth() throws Exception {
        var stored = new HashMap<String, List<Seen>>();
        var members = new HashMap<String, Set<String>>();
        for (var conversation : conversations.entrySet()) {
            stored.put(
                    conversation.getKey(),
                    conversation.getValue().iterator().next().history(conversation.getKey()));
            members.put(
                    conversation.getKey(),
                    conversation.getValue().stream().map(Person::id).collect(Collectors.toSet()));
        }
        return new Truth(stored, members);
    }

    @Override
    public void close() throws InterruptedException {
        load.close();
        for (var device : devices) device.close();
    }
}
