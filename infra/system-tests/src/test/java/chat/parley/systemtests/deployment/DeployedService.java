package chat.parley.systemtests.deployment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.notifier.NotifierSettings;
import chat.parley.sendapi.SendApiSettings;
import chat.parley.stream.StreamSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What any deployment says of one process, held to what that process takes. */
record DeployedService(String name, List<String> arguments, Map<String, String> environment) {
    private static final String METRICS = "PARLEY_METRICS_PORT";

    /** Reads the settings as the process itself would, so a misspelt name or a bad value fails here; files of secrets are made up. */
    void requireTaken(Path folder) throws IOException {
        assertEquals(1, arguments.size(), name + " is started by the name of its main class");
        var settings = new HashMap<>(environment);
        replace(settings, "PARLEY_POSTGRES_PASSWORD_FILE", "hush", folder);
        replace(settings, "PARLEY_REDIS_URL_FILE", "redis-cluster://:hush@redis-1:6379,redis-2:6379", folder);
        assertEquals("0.0.0.0", settings.get("PARLEY_HOST"), name + " must be reached from outside of its container");
        assertTrue(settings.containsKey(METRICS), name + " tells no metrics");
        switch (arguments.getFirst()) {
            case "chat.parley.sendapi.SendApi" -> {
                var read = SendApiSettings.from(settings);
                assertTrue(read.browsers().trustProxy(), name + " stands behind a proxy");
                assertTrue(settings.containsKey("PARLEY_MEDIA"), name + " keeps no files");
            }
            case "chat.parley.stream.StreamService" ->
                assertTrue(StreamSettings.from(settings).trustProxy(), name + " stands behind a proxy");
            case "chat.parley.notifier.Notifier" -> NotifierSettings.from(settings);
            default -> throw new AssertionError(name + " starts " + arguments);
        }
    }

    /** Where it answers what operators ask. */
    int healthPort() {
        return Integer.parseInt(environment.getOrDefault("PARLEY_PORT", environment.getOrDefault(METRICS, "-1")));
    }

    int metricsPort() {
        return Integer.parseInt(environment.getOrDefault(METRICS, "-1"));
    }

    /** Seconds over which it ends its streams. */
    int drainSeconds() {
        return arguments.contains("chat.parley.stream.StreamService")
                ? Integer.parseInt(environment.getOrDefault("PARLEY_STREAM_DRAIN", "10"))
                : 0;
    }

    private static void replace(Map<String, String> settings, String name, String secret, Path folder)
            throws IOException {
        var there = settings.get(name);
        assertTrue(there != null && there.startsWith("/"), name + " does not name a file");
        settings.put(name, Files.writeString(folder.resolve(name), secret).toString());
    }
}
