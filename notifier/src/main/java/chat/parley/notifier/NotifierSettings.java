package chat.parley.notifier;

import chat.parley.message.MessageSettings;
import chat.parley.ops.Settings;
import chat.parley.postgres.Postgres;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an operator may set; each is named in {@code docs/operations.md}.
 *
 * @param port of {@code /livez}, {@code /readyz}, {@code /metrics} and {@code /push/aside}; 0 for a free one, null for none
 * @param connections most PostgreSQL connections, and most Redis connections
 * @param previews false: pushes show nobody's words and names, whatever people chose
 * @param fcm null switches FCM off
 * @param apns null switches APNs off
 */
public record NotifierSettings(
        String host,
        @Nullable Integer port,
        Postgres.Address postgres,
        MessageSettings messages,
        URI redis,
        int connections,
        boolean previews,
        @Nullable FcmSettings fcm,
        @Nullable ApnsSettings apns,
        WebPushSettings webPush) {
    /** Facts are read by one thread; those that settle hold a connection for a fraction of a millisecond. */
    private static final int CONNECTIONS = 8;

    /** Reads the settings of a process of its own; refuses names it does not know. */
    public static NotifierSettings from(Map<String, String> environment) {
        var settings = new Settings(environment);
        int port = settings.number("PARLEY_METRICS_PORT", -1, -1, 65_535, "it is a TCP port, 0 a free one, -1 none");
        var read = from(settings, settings.text("PARLEY_HOST", "127.0.0.1"), port < 0 ? null : port);
        settings.refuseUnknown();
        return read;
    }

    /** Reads those of a process that runs other services too: it has no port of ours, and unknown names are its business. */
    public static NotifierSettings from(Settings settings) {
        return from(settings, "127.0.0.1", null);
    }

    private static NotifierSettings from(Settings settings, String host, @Nullable Integer port) {
        return new NotifierSettings(
                host,
                port,
                Postgres.Address.from(settings),
                MessageSettings.from(settings),
                settings.address("PARLEY_REDIS_URL", "redis://:password@redis.example:6379"),
                CONNECTIONS,
                settings.flag("PARLEY_PUSH_PREVIEW", true),
                FcmSettings.from(settings),
                ApnsSettings.from(settings),
                WebPushSettings.from(settings));
    }
}
