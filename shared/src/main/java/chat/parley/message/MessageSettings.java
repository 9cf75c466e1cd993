package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.ops.Settings;
import org.jspecify.annotations.Nullable;

/**
 * Where messages are kept. The same for every process of an installation: what one stores, another reads.
 *
 * @param cassandra null: in PostgreSQL, beside everything else
 */
public record MessageSettings(Cassandra.@Nullable Address cassandra) {
    /** In PostgreSQL. */
    public static final MessageSettings POSTGRES = new MessageSettings(null);

    /** Reads {@code PARLEY_MESSAGES} and {@code PARLEY_CASSANDRA_*}. */
    public static MessageSettings from(Settings settings) {
        String kind = settings.text("PARLEY_MESSAGES", "postgres");
        return switch (kind) {
            case "postgres" -> {
                Cassandra.Address.know(settings);
                yield POSTGRES;
            }
            case "cassandra" -> new MessageSettings(Cassandra.Address.from(settings));
            default ->
                throw new IllegalArgumentException("PARLEY_MESSAGES is " + kind + "; it must be postgres or cassandra");
        };
    }
}
