package chat.parley.sendapi;

import chat.parley.account.AccountSettings;
import chat.parley.ops.Settings;
import chat.parley.postgres.Postgres;
import chat.parley.sendapi.http.BrowserSettings;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an operator may set; each is named in {@code docs/operations.md}.
 *
 * @param port 0 for a free one
 * @param metricsPort null: no metrics are served
 * @param connections most PostgreSQL connections, and most Redis connections
 */
public record SendApiSettings(
        String host,
        int port,
        @Nullable Integer metricsPort,
        Postgres.Address postgres,
        URI redis,
        int connections,
        AccountSettings accounts,
        BrowserSettings browsers) {

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
                settings.address("PARLEY_REDIS_URL", "redis://:password@redis.example:6379"),
                settings.number(
                        "PARLEY_CONNECTIONS",
                        16,
                        2,
                        500,
                        "fewer starve the writers, and PostgreSQL allows 100 to all nodes together by default"),
                AccountSettings.from(settings),
                BrowserSettings.from(settings));
    }
}
