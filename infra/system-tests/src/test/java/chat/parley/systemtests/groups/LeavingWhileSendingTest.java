package chat.parley.systemtests.groups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.systemtests.groups.GroupWorld.Person;
import chat.parley.testkit.RealCassandra;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Someone leaves a large group by themselves in the moment of sending: what is said after the last message that they may read is not theirs, wherever messages are kept. */
@Timeout(120)
class LeavingWhileSendingTest {
    private static final int ROUNDS = 6;
    private static final int AT_ONCE = 3;

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    @Test
    void nothing_is_heard_of_who_left() throws Exception {
        assertNothingIsHeard(Map.of());
    }

    @Test
    void nothing_is_heard_of_who_left_with_messages_in_cassandra() throws Exception {
        var settings = new HashMap<>(RealCassandra.shared().settings());
        settings.put(
                "PARLEY_CASSANDRA_KEYSPACE",
                RealCassandra.shared().freshKeyspace().keyspace());
        assertNothingIsHeard(settings);
    }

    private static void assertNothingIsHeard(Map<String, String> settings) throws Exception {
        try (var world = new GroupWorld(POSTGRES, REDIS.uri(), 3, settings);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var ann = world.person();
            var dee = world.person();
            var group = ann.group(world.person(), world.person(), dee);
            long id = ConversationId.parse(group).value();
            assertEquals(1, world.number("SELECT count(*) FROM conversation WHERE large AND id = " + id));
            for (int round = 0; round < ROUNDS; round++) {
                var said = new AtomicInteger();
                var sending = new ArrayList<Future<?>>();
                for (int i = 0; i < AT_ONCE; i++) {
                    sending.add(threads.submit(() -> sayUntilRefused(dee, group, said)));
                }
                Awaitility.await()
                        .until(() -> said.get() > AT_ONCE || sending.stream().anyMatch(Future::isDone));
                dee.remove(group, dee);
                for (var each : sending) {
                    each.get();
                }
                long left = world.number("SELECT left_seq FROM member WHERE conversation_id = " + id + " AND user_id = "
                        + UserId.parse(dee.id).value());
                ann.say(group, "after");
                assertEquals(List.of(), saidAfter(ann, group, left, dee));
                ann.add(group, dee);
            }
        }
    }

    private static Void sayUntilRefused(Person person, String group, AtomicInteger said) throws Exception {
        while (true) {
            try {
                person.say(group, "still here");
                said.incrementAndGet();
            } catch (AssertionError refused) {
                var why = String.valueOf(refused.getMessage());
                if (why.contains(": 404 ")) {
                    return null;
                }
                assertTrue(why.contains(": 503 "), why); // a slow machine
            }
        }
    }

    /** Seqs of what this person said after that one; the notice of the leaving follows it and is no message of anybody. */
    private static List<Long> saidAfter(Person reader, String group, long seq, Person sender) throws Exception {
        var found = new ArrayList<Long>();
        for (var item : reader.get("/v1/conversations/" + group + "/messages?limit=100&after=" + seq)
                .at("/items")) {
            if (item.at("/sender_id").asText().equals(sender.id)
                    && !item.at("/type").asText().equals("system")) {
                found.add(item.at("/seq").asLong());
            }
        }
        return found;
    }
}
