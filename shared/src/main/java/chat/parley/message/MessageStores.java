package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.ops.Health;
import chat.parley.outbox.Outbox;
import chat.parley.postgres.Postgres;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Opens the store that the settings choose. */
public final class MessageStores {
    private MessageStores() {}

    /**
     * What a store stands on.
     *
     * @param postgres holds the rows of conversations, whichever store it is; with two connections for the writers
     * @param outbox null where nothing is published
     */
    public record Ground(Postgres postgres, @Nullable Outbox outbox, InstantSource clock, MeterRegistry meters) {}

    /**
     * Opens it. All of {@code ground} is closed by the caller, later than the store.
     *
     * @param health gets the part {@code cassandra} where there is one
     * @param opened is handed what is to be closed, in the order of opening
     */
    public static MessageStore open(
            MessageSettings settings, Ground ground, Health health, Consumer<AutoCloseable> opened) {
        var address = settings.cassandra();
        MessageStore store;
        if (address == null) {
            store = new PostgresMessageStore(ground.postgres, ground.outbox, ground.clock, ground.meters);
        } else {
            var cassandra = Cassandra.open(address);
            opened.accept(cassandra);
            health.part("cassandra", cassandra::complaint);
            store = new CassandraMessageStore(
                    cassandra, new PostgresRosterVersions(ground.postgres), ground.clock, ground.meters);
        }
        opened.accept(store);
        return store;
    }
}
