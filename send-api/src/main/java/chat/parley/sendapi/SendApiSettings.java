package chat.parley.sendapi;

import chat.parley.account.AccountSettings;
import chat.parley.conversation.Expiry;
import chat.parley.conversation.GroupSizes;
import chat.parley.media.MediaSettings;
import chat.parley.message.MessageSettings;
import chat.parley.ops.Settings;
import chat.parley.postgres.Postgres;
import chat.parley.push.SubscriptionRules;
import chat.parley.push.Wakes;
import chat.parley.sendapi.http.BrowserSettings;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an operator may set; each is named in {@code docs/operations.md}.
 *
 * @param port 0 for a free one
 * @param metricsPort null: no metrics are served
 * @param subscriptions which subscriptions of the Push API may be registered
 */
public record SendApiSettings(
        String host,
        int port,
        @Nullable Integer metricsPort,
        Postgres.Address postgres,
        MessageSettings messages,
        URI redis,
        Bounds bounds,
        AccountSettings accounts,
        BrowserSettings browsers,
        MediaSettings media,
        SubscriptionRules subscriptions) {

    /**
     * Bounds of this process.
     *
     * @param connections most PostgreSQL connections, and most Redis connections
     * @param sendsPerMinute messages one person may send through this process
     * @param editWindow how long after sending an author may edit; zero: for ever
     * @param presence whether it is told who is there
     * @param retention how long messages are kept; zero: for ever
     * @param wakes how soon devices are woken
     * @param groups how many people a group may have
     * @param search whether messages can be searched; else nothing is indexed
     */
    public record Bounds(
            int connections,
            int sendsPerMinute,
            Duration editWindow,
            boolean presence,
            Duration retention,
            Wakes wakes,
            GroupSizes groups,
            boolean search) {
        private static final int SENDS_PER_MINUTE = 600;

        /** The default quota with so many connections. */
        public static Bounds of(int connections) {
            return new Bounds(
                    connections,
                    SENDS_PER_MINUTE,
                    Duration.ZERO,
                    true,
                    Duration.ZERO,
                    Wakes.DEFAULT,
                    GroupSizes.DEFAULT,
                    true);
        }

        private static Bounds from(Settings settings) {
            return new Bounds(
                    settings.number(
                            "PARLEY_CONNECTIONS",
                            16,
                            4,
                            500,
                            "fewer starve the writers, and PostgreSQL allows 100 to all nodes together by default"),
                    sendsPerMinute(settings),
                    editWindow(settings),
                    settings.flag("PARLEY_PRESENCE", true),
                    retention(settings),
                    Wakes.from(settings),
                    GroupSizes.from(settings),
                    settings.flag("PARLEY_SEARCH", true));
        }

        /** The time for edits that the environment sets, or the default. */
        public static Duration editWindow(Settings settings) {
            return settings.seconds(
                    "PARLEY_EDIT_WINDOW", Duration.ZERO, Duration.ZERO, Duration.ofDays(3_650), "0 is for ever");
        }

        /** The age at which all messages expire that the environment sets, or the default. */
        public static Duration retention(Settings settings) {
            var retention = settings.seconds(
                    "PARLEY_RETENTION", Duration.ZERO, Duration.ZERO, Expiry.LIMIT_MAX, "0 is for ever");
            if (!retention.isZero() && retention.compareTo(Expiry.LIMIT_MIN) < 0) {
                throw new IllegalArgumentException(
                        "PARLEY_RETENTION is " + retention.toSeconds()
                                + "; it must be 0, which is for ever, or at least 60, because people must have a chance to read");
            }
            return retention;
        }

        /** The quota that the environment sets, or the default. */
        public static int sendsPerMinute(Settings settings) {
            return settings.number(
                    "PARLEY_LIMIT_SENDS",
                    SENDS_PER_MINUTE,
                    1,
                    1_000_000,
                    "it is a number of messages a minute, and a million is more than one person can mean");
        }
    }

    /** Reads the settings of a process of its own; refuses names it does not know. */
    public static SendApiSettings from(Map<String, String> environment) {
        var settings = new Settings(environment);
        var read = from(settings);
        settings.refuseUnknown();
        return read;
    }

    /** As {@link #from(Map)}, for a process that runs other services too; unknown names are its business. */
    public static SendApiSettings from(Settings settings) {
        int metrics = settings.number("PARLEY_METRICS_PORT", -1, -1, 65_535, "it is a TCP port, 0 a free one, -1 none");
        return new SendApiSettings(
                settings.text("PARLEY_HOST", "127.0.0.1"),
                settings.number("PARLEY_PORT", 8080, 0, 65_535, "it is a TCP port, 0 a free one"),
                metrics < 0 ? null : metrics,
                Postgres.Address.from(settings),
                MessageSettings.from(settings),
                settings.address("PARLEY_REDIS_URL", "redis://:password@redis.example:6379"),
                Bounds.from(settings),
                AccountSettings.from(settings),
                BrowserSettings.from(settings),
                MediaSettings.from(settings),
                SubscriptionRules.from(settings));
    }
}
