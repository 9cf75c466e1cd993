package chat.parley.stream;

import chat.parley.account.AccountSettings;
import chat.parley.message.MessageSettings;
import chat.parley.ops.Settings;
import chat.parley.postgres.Postgres;
import java.net.URI;
import java.time.Duration;
import java.util.Map;

/**
 * What an operator may set; each is named in {@code docs/operations.md}.
 *
 * @param server where a process of its own listens; of no effect where another server serves {@link StreamService#handler}
 * @param poolSize most PostgreSQL connections, and most Redis connections
 * @param presence whether it is told who is there
 */
public record StreamSettings(
        ServerAddress server,
        Postgres.Address postgres,
        MessageSettings messages,
        URI redis,
        int poolSize,
        AccountSettings accounts,
        boolean trustProxy,
        Limits limits,
        boolean presence) {

    /**
     * Where a process of its own listens.
     *
     * @param port 0 for a free one
     * @param metricsPort 0 for a free one, -1 for none
     */
    public record ServerAddress(String host, int port, int metricsPort) {}

    /**
     * How much a node carries and for how long.
     *
     * @param perAddress not for this machine's own address, behind which is a proxy
     * @param lifetimeLeast each stream ends at a random moment between this and {@code lifetimeMost}
     * @param drain over how long the streams are ended when the node leaves
     */
    public record Limits(
            int connections,
            int perUser,
            int perAddress,
            Duration lifetimeLeast,
            Duration lifetimeMost,
            Duration drain) {
        /** What holds where nothing is set. */
        public static final Limits DEFAULT =
                new Limits(15_000, 20, 2_000, Duration.ofMinutes(5), Duration.ofMinutes(10), Duration.ofSeconds(10));

        /** Refuses a window that ends before it begins. */
        public Limits {
            if (lifetimeMost.compareTo(lifetimeLeast) < 0) {
                throw new IllegalArgumentException(
                        "PARLEY_STREAM_LIFETIME_MAX is below PARLEY_STREAM_LIFETIME_MIN; a stream ends between the two");
            }
        }

        /** From {@code PARLEY_STREAM_*}. */
        public static Limits from(Settings settings) {
            String lifetime = "a shorter life costs reconnects, a longer one keeps dead browsers behind proxies";
            return new Limits(
                    settings.number(
                            "PARLEY_STREAM_CONNECTIONS",
                            DEFAULT.connections,
                            1,
                            1_000_000,
                            "each needs a file descriptor and some kilobytes"),
                    settings.number(
                            "PARLEY_STREAM_CONNECTIONS_PER_USER",
                            DEFAULT.perUser,
                            1,
                            1_000,
                            "each event of a user is written to each of these"),
                    settings.number(
                            "PARLEY_STREAM_CONNECTIONS_PER_ADDRESS",
                            DEFAULT.perAddress,
                            1,
                            1_000_000,
                            "one address must not fill a node"),
                    settings.seconds(
                            "PARLEY_STREAM_LIFETIME_MIN",
                            DEFAULT.lifetimeLeast,
                            Duration.ofSeconds(10),
                            Duration.ofHours(24),
                            lifetime),
                    settings.seconds(
                            "PARLEY_STREAM_LIFETIME_MAX",
                            DEFAULT.lifetimeMost,
                            Duration.ofSeconds(10),
                            Duration.ofHours(24),
                            lifetime),
                    settings.seconds(
                            "PARLEY_STREAM_DRAIN",
                            DEFAULT.drain,
                            Duration.ZERO,
                            Duration.ofSeconds(60),
                            "orchestrators kill a process that takes longer to leave"));
        }
    }

    /** Reads the settings of a process of its own; refuses names it does not know. */
    public static StreamSettings from(Map<String, String> environment) {
        var settings = new Settings(environment);
        var read = from(settings);
        settings.refuseUnknown();
        return read;
    }

    /** As {@link #from(Map)}, for a process that runs other services too; unknown names are its business. */
    public static StreamSettings from(Settings settings) {
        return new StreamSettings(
                new ServerAddress(
                        settings.text("PARLEY_HOST", "127.0.0.1"),
                        settings.number("PARLEY_PORT", 8081, 0, 65_535, "it is a TCP port, 0 a free one"),
                        settings.number(
                                "PARLEY_METRICS_PORT", -1, -1, 65_535, "it is a TCP port, 0 a free one, -1 none")),
                Postgres.Address.from(settings),
                MessageSettings.from(settings),
                settings.address("PARLEY_REDIS_URL", "redis://:password@redis.example:6379"),
                settings.number(
                        "PARLEY_CONNECTIONS",
                        16,
                        2,
                        500,
                        "fewer starve those who resume, and PostgreSQL allows 100 to all nodes together by default"),
                AccountSettings.from(settings),
                settings.flag("PARLEY_TRUST_PROXY", false),
                Limits.from(settings),
                settings.flag("PARLEY_PRESENCE", true));
    }
}
