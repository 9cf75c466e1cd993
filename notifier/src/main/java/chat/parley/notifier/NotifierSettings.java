package chat.parley.notifier;

import chat.parley.ops.Settings;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an operator may set; each is named in {@code docs/operations.md}.
 *
 * @param port of {@code /livez}, {@code /readyz} and {@code /metrics}; 0 for a free one, null for none
 */
public record NotifierSettings(String host, @Nullable Integer port, URI redis) {
    /** Reads the settings of a process of its own; refuses names it does not know. */
    public static NotifierSettings from(Map<String, String> environment) {
        var settings = new Settings(environment);
        var read = from(settings);
        settings.refuseUnknown();
        return read;
    }

    /** Reads them where other parts have settings too. */
    public static NotifierSettings from(Settings settings) {
        int port = settings.number("PARLEY_METRICS_PORT", -1, -1, 65_535, "it is a TCP port, 0 a free one, -1 none");
        return new NotifierSettings(
                settings.text("PARLEY_HOST", "127.0.0.1"),
                port < 0 ? null : port,
                settings.address("PARLEY_REDIS_URL", "redis://:password@redis.example:6379"));
    }
}
