package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.testkit.RealCassandra;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class CassandraOutageTest {
    private static final ConversationId TALK = new ConversationId(77);
    private static final int WRITERS = 8;

    /** Whatever conversation: its members never change. */
    private static final RosterVersions UNCHANGING = new RosterVersions() {
        @Override
        public OptionalLong of(ConversationId conversation) {
            return OptionalLong.of(1);
        }

        @Override
        public void hold(ConversationId conversation, LongConsumer work) {
            work.accept(1);
        }
    };

    @Test
    void what_was_acknowledged_outlives_a_killed_server_and_repeats_decide_the_rest() throws Exception {
        try (var node = RealCassandra.start();
                var cassandra = Cassandra.open(node.freshKeyspace());
                var store = new CassandraMessageStore(
                        cassandra, UNCHANGING, StepClock.started(), new SimpleMeterRegistry());
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            assertNull(cassandra.complaint());
            var acknowledged = new ConcurrentHashMap<String, Long>();
            var unknown = ConcurrentHashMap.<String>newKeySet();
            var over = new AtomicBoolean();
            for (int i = 0; i < WRITERS; i++) {
                var writer = new UserId(100 + i);
                threads.execute(() -> {
                    for (int n = 0; !over.get() && unknown.isEmpty(); n++) {
                        send(store, writer, "key" + n, acknowledged, unknown);
                    }
                });
            }
            try {
                Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> acknowledged.size() > 200);
                node.kill();
                Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> !unknown.isEmpty());
            } finally {
                over.set(true);
            }
            assertNotNull(cassandra.complaint());
            assertThrows(StoreUnavailable.class, () -> store.after(TALK, 0, 10));
            node.restart();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .ignoreExceptions()
                    .until(() -> cassandra.complaint() == null);
            for (var name : unknown) {
                var parts = name.split("/", 2);
                Awaitility.await().pollDelay(Duration.ZERO).until(() -> {
                    send(store, new UserId(Long.parseLong(parts[0])), parts[1], acknowledged, unknown);
                    return acknowledged.containsKey(name);
                });
            }
            var stored = new HashMap<String, Long>();
            long last = 0;
            var page = store.after(TALK, last, 200);
            while (!page.isEmpty()) {
                page.forEach(message ->
                        stored.put(message.sender().value() + "/" + message.clientMessageId(), message.seq()));
                last = page.getLast().seq();
                page = store.after(TALK, last, 200);
            }
            assertEquals(acknowledged, stored);
            assertEquals(
                    LongStream.rangeClosed(1, last).boxed().toList(),
                    stored.values().stream().sorted().toList());
        }
    }

    private static void send(
            MessageStore store,
            UserId sender,
            String key,
            ConcurrentHashMap<String, Long> acknowledged,
            ConcurrentHashMap.KeySetView<String, Boolean> unknown) {
        String name = sender.value() + "/" + key;
        try {
            var outcome = store.append(new NewMessage(TALK, 1, sender, key, MessageBody.text("hello")));
            switch (outcome) {
                case AppendOutcome.Stored stored ->
                    acknowledged.put(name, stored.message().seq());
                case AppendOutcome.AlreadyStored stored ->
                    acknowledged.put(name, stored.message().seq());
                default -> throw new AssertionError(outcome);
            }
        } catch (StoreUnavailable e) {
            unknown.add(name);
        }
    }
}
