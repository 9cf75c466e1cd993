package chat.parley.containers;

import java.util.Map;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * Starts both stores before the first test, and names them to the testkit by its system properties. The tests themselves are those of every
 * build, unchanged; what kills a server takes an embedded one as always.
 */
public final class StoresInContainers implements LauncherSessionListener {
    /** Of servers that are there for the tests alone; the testkit knows them. */
    private static final String USER = "parley";

    private static final String PASSWORD = "parley-tests";
    private static final int POSTGRES_PORT = 5432;
    private static final int REDIS_PORT = 6379;

    // PostgreSQL says so twice: its first start only makes the database.
    private final GenericContainer<?> postgres = new GenericContainer<>(image("containers.postgres"))
            .withExposedPorts(POSTGRES_PORT)
            .withEnv(Map.of("POSTGRES_USER", USER, "POSTGRES_PASSWORD", PASSWORD, "POSTGRES_DB", USER))
            .waitingFor(Wait.forLogMessage(".*ready to accept connections.*", 2));

    private final GenericContainer<?> redis = new GenericContainer<>(image("containers.redis"))
            .withExposedPorts(REDIS_PORT)
            .withCommand("redis-server", "--requirepass", PASSWORD)
            .waitingFor(Wait.forLogMessage(".*Ready to accept connections.*", 1));

    private static DockerImageName image(String property) {
        return DockerImageName.parse(System.getProperty(property));
    }

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        postgres.start();
        redis.start();
        System.setProperty("parley.test.postgres", postgres.getHost() + ":" + postgres.getMappedPort(POSTGRES_PORT));
        System.setProperty("parley.test.redis", redis.getHost() + ":" + redis.getMappedPort(REDIS_PORT));
    }

    @Override
    public void launcherSessionClosed(LauncherSession session) {
        redis.stop();
        postgres.stop();
    }
}
