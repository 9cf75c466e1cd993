package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.testkit.RealCassandra;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;

class CassandraOutageTest {
    private static final ConversationId TALK = new ConversationId(77);
    private static final int WRITERS = 8;
    private static final int READERS = 1;

    @Test
    void what_was_acknowledged_outlives_a_killed_server_and_repeats_decide_the_rest() throws Exception {
        try (var node = RealCassandra.start();
                var cassandra = Cassandra.open(node.freshKeyspace());
                var store = new CassandraMessageStore(
                        cassandra, MessageLoad.UNCHANGING, Clock.systemUTC(), new SimpleMeterRegistry());
                var load = new MessageLoad(List.of(store), List.of(TALK))) {
            assertNull(cassandra.complaint());
            load.start(WRITERS, READERS);
            patiently().until(() -> load.acknowledged() > 200);
            node.kill();
            patiently().until(() -> !load.failures().isEmpty());
            load.stop();
            load.failures().forEach(failure -> assertEquals(StoreUnavailable.class, failure.getClass()));
            assertNotNull(cassandra.complaint());
            assertThrows(StoreUnavailable.class, () -> store.after(TALK, 0, 10));
            node.restart();
            patiently().until(() -> cassandra.complaint() == null);
            load.repeatUnknown();
            load.check(store);
        }
    }

    private static ConditionFactory patiently() {
        return Awaitility.await().atMost(Duration.ofMinutes(2));
    }
}
