package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.ops.Health;
import chat.parley.outbox.Outbox;
import chat.parley.postgres.Postgres;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Opens the store that the settings choose, in two steps: what is told of the last messages is forgotten after the store is closed and before the connection is. */
public final class MessageStores {
    private final @Nullable Cassandra cassandra;

    private MessageStores(@Nullable Cassandra cassandra) {
        this.cassandra = cassandra;
    }

    /**
     * What a store stands on.
     *
     * @param postgres holds the rows of conversations, whichever store it is; with two connections for the writers
     * @param outbox null where nothing is published
     */
    public record Ground(Postgres postgres, @Nullable Outbox outbox, InstantSource clock, MeterRegistry meters) {}

    /**
     * Connects to where messages are, other than PostgreSQL. To be closed later than what publishes them.
     *
     * @param health gets the part {@code cassandra} where there is one
     * @param opened is handed what is to be closed
     */
    public static MessageStores connect(MessageSettings settings, Health health, Consumer<AutoCloseable> opened) {
        var address = settings.cassandra();
        if (address == null) {
            return new MessageStores(null);
        }
        var cassandra = Cassandra.open(address);
        opened.accept(cassandra);
        health.part("cassandra", cassandra::complaint);
        return new MessageStores(cassandra);
    }

    /** The store. All of {@code ground} is closed by the caller, later than it. */
    public MessageStore open(Ground ground) {
        return cassandra == null
                ? new PostgresMessageStore(ground.postgres, ground.outbox, ground.clock, ground.meters)
                : new CassandraMessageStore(
                        cassandra, new PostgresRosterVersions(ground.postgres), ground.clock, ground.meters);
    }
}
