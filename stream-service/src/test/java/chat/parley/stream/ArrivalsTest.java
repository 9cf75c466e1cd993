package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.stream.StreamWorld.NodeUnderTest;
import chat.parley.stream.StreamWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many who come at the same time: each gets what is its own, whatever its neighbours need. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ArrivalsTest {
    private static final int PEOPLE = 60;

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private StreamWorld world;
    private NodeUnderTest node;

    @BeforeEach
    void open() throws Exception {
        world = new StreamWorld(POSTGRES, REDIS.uri());
        node = world.node();
        StreamServiceTest.awaitReady(node);
    }

    @AfterEach
    void close() throws Exception {
        node.close();
        world.close();
    }

    @Test
    void new_ones_resuming_ones_and_those_who_need_more_are_served_together() throws Exception {
        var sender = world.person();
        var people = new ArrayList<Person>();
        var conversations = new ArrayList<ConversationId>();
        var ids = new ArrayList<String>();
        for (int i = 0; i < PEOPLE; i++) {
            var person = world.person();
            people.add(person);
            conversations.add(world.direct(sender, person));
            try (var client = SseClient.resume(node.port(), person, null)) {
                client.until("stream.caught_up");
                world.send(conversations.get(i), sender, "first of " + i);
                ids.add(client.next("message.created").id());
            }
            // Every third one missed a message so long that its stream holds a reference only.
            world.send(conversations.get(i), sender, (i % 3 == 0 ? "long ".repeat(800) : "") + "second of " + i);
        }
        var calls = new ArrayList<Callable<SseClient>>();
        for (int i = 0; i < PEOPLE; i++) {
            int number = i;
            // Every fourth one begins anew, every fifth one by a cursor that was never ours.
            String id = number % 4 == 0 ? null : number % 5 == 0 ? "nonsense" : ids.get(number);
            calls.add(() -> SseClient.resume(node.port(), people.get(number), id));
        }
        var clients = new ArrayList<SseClient>();
        try (var threads = Executors.newFixedThreadPool(16)) {
            for (var client : threads.invokeAll(calls)) {
                clients.add(client.get());
            }
        }
        for (int i = 0; i < PEOPLE; i++) {
            try (var client = clients.get(i)) {
                String resumed = i % 4 == 0 ? "new" : i % 5 == 0 ? "reset" : "exact";
                assertTrue(client.next("stream.ready").data().contains("\"" + resumed + "\""));
                var replayed = client.until("stream.caught_up");
                var messages = replayed.stream()
                        .filter(frame -> frame.event().equals("message.created"))
                        .toList();
                assertEquals(resumed.equals("exact") ? 1 : 0, messages.size());
                for (var message : messages) {
                    assertTrue(message.data().contains("second of " + i + "\""), message.data());
                }
                world.send(conversations.get(i), sender, "live to " + i);
                assertTrue(client.next("message.created").data().contains("live to " + i + "\""));
            }
        }
    }

    @Test
    void what_is_said_while_many_come_reaches_each_once_and_in_order() throws Exception {
        var sender = world.person();
        var people = new ArrayList<Person>();
        for (int i = 0; i < PEOPLE; i++) {
            people.add(world.person());
        }
        var group = world.group(sender, people);
        var ids = new ArrayList<String>();
        for (var person : people) {
            try (var client = SseClient.resume(node.port(), person, null)) {
                ids.add(client.next("stream.ready").id());
            }
        }
        var calls = new ArrayList<Callable<List<Long>>>();
        int messages = 40;
        for (int i = 0; i < PEOPLE; i++) {
            int number = i;
            calls.add(() -> {
                try (var client = SseClient.resume(node.port(), people.get(number), ids.get(number))) {
                    return client
                            .until(frame -> frame.event().equals("message.created") && frame.seq() == messages)
                            .stream()
                            .filter(frame -> frame.event().equals("message.created"))
                            .map(SseClient.Frame::seq)
                            .toList();
                }
            });
        }
        calls.add(() -> {
            for (int i = 0; i < messages; i++) {
                world.send(group, sender, "message " + i);
            }
            return List.of();
        });
        var expected = LongStream.rangeClosed(1, messages).boxed().toList();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var seen = threads.invokeAll(calls);
            for (int i = 0; i < PEOPLE; i++) {
                assertEquals(expected, seen.get(i).get());
            }
        }
    }
}
