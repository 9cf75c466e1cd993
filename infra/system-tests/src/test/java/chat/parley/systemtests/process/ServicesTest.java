package chat.parley.systemtests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each service as the process that an operator runs. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class ServicesTest {
    private static final Duration NOTICED_MAX = Duration.ofSeconds(20);

    @TempDir
    Path folder = Path.of("");

    @ParameterizedTest
    @EnumSource
    void a_misspelt_or_missing_setting_ends_the_process_with_its_name(Service service) throws Exception {
        var addresses = Map.of(
                "PARLEY_POSTGRES_URL", "jdbc:postgresql://127.0.0.1:1/none",
                "PARLEY_REDIS_URL", "redis://127.0.0.1:1",
                "PARLEY_MISSPELT", "1");
        assertRefused(service, addresses, "PARLEY_MISSPELT");
        assertRefused(service, Map.of("PARLEY_POSTGRES_URL", "jdbc:postgresql://127.0.0.1:1/none"), "PARLEY_REDIS_URL");
    }

    private void assertRefused(Service service, Map<String, String> settings, String named) throws Exception {
        try (var process = ServiceProcess.start(service, settings, folder)) {
            assertTrue(process.awaitExit() != 0);
            assertTrue(process.log().contains(named), process::log);
        }
    }

    @Test
    void ready_says_which_store_is_down_and_when_it_is_back() throws Exception {
        try (var postgres = RealPostgres.own();
                var redis = RealRedis.own(Persistence.APPEND_ONLY_FILE)) {
            var settings =
                    ServiceProcess.stores(postgres.server(), redis.server().uri());
            try (var service = ServiceProcess.start(Service.SEND_API, settings, folder)) {
                service.awaitReady();
                redis.server().kill();
                awaitPart(service, "redis", "up", false);
                awaitPart(service, "postgres", "up", true);
                redis.server().restart();
                service.awaitReady();
                postgres.server().kill();
                awaitPart(service, "postgres", "up", false);
                awaitPart(service, "redis", "up", true);
                postgres.server().restart();
                service.awaitReady();
                assertEquals(0, service.terminate());
            }
        }
    }

    private static void awaitPart(ServiceProcess service, String part, String state, boolean is) {
        Awaitility.await(part + (is ? " is " : " is not ") + state)
                .atMost(NOTICED_MAX)
                .until(() -> service.readyAnswer().at("/parts/" + part).asText().equals(state) == is);
    }
}
