package chat.parley.testkit;

import chat.parley.embedded.EmbeddedPostgres;
import chat.parley.embedded.EmbeddedRedis;
import chat.parley.embedded.EmbeddedRedis.Persistence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/** The servers of this JVM, started when first asked for, ended and deleted with it. */
final class TestServers {
    /** System properties, host:port each, by which a build names servers that it started elsewhere: in containers, see infra/containers. */
    static final String POSTGRES_GIVEN = "parley.test.postgres";

    static final String REDIS_GIVEN = "parley.test.redis";

    /** Of servers that are there for the tests alone. */
    private static final String GIVEN_USER = "parley";

    private static final String GIVEN_PASSWORD = "parley-tests";

    private TestServers() {}

    private static final class Postgres {
        static final EmbeddedPostgres SERVER = start();

        private static EmbeddedPostgres start() {
            var folder = temporaryFolder("postgres");
            var server = EmbeddedPostgres.start(folder.resolve("data"));
            // kill: what is in the folder is deleted next, so a checkpoint would be wasted time.
            atExit(server::kill, server::close, folder);
            return server;
        }
    }

    private static final class Redis {
        static final EmbeddedRedis SERVER = start();

        private static EmbeddedRedis start() {
            var folder = temporaryFolder("redis");
            var server = EmbeddedRedis.start(folder.resolve("data"), 0, Persistence.NONE);
            atExit(server::kill, server::close, folder);
            return server;
        }
    }

    /** Where the tests find a server: host and port, and one superuser. */
    record Address(String host, int port, String user, String password) {
        String jdbcUrl(String database) {
            return "jdbc:postgresql://" + host + ":" + port + "/" + database;
        }
    }

    /** Our own PostgreSQL, or the one that {@value #POSTGRES_GIVEN} names. */
    static Address postgresAddress() {
        var given = given(POSTGRES_GIVEN);
        return given != null
                ? given
                : new Address(
                        postgres().host(),
                        postgres().port(),
                        postgres().user(),
                        postgres().password());
    }

    /** Our own Redis, or the one that {@value #REDIS_GIVEN} names. */
    static Address redisAddress() {
        var given = given(REDIS_GIVEN);
        return given != null ? given : new Address(redis().host(), redis().port(), "", redis().password());
    }

    private static @Nullable Address given(String property) {
        var hostAndPort = System.getProperty(property);
        if (hostAndPort == null) return null;
        var address = URI.create("tests://" + hostAndPort);
        return new Address(address.getHost(), address.getPort(), GIVEN_USER, GIVEN_PASSWORD);
    }

    static EmbeddedPostgres postgres() {
        return Postgres.SERVER;
    }

    static EmbeddedRedis redis() {
        return Redis.SERVER;
    }

    /** Open for passing through: root's servers run as another user. */
    static Path temporaryFolder(String name) {
        try {
            var folder = Files.createTempDirectory("parley-test-" + name + "-");
            return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void delete(Path folder) {
        try (var paths = Files.walk(folder)) {
            for (var path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("could not delete " + folder, e);
        }
    }

    private static void atExit(Runnable kill, Runnable close, Path folder) {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            kill.run();
            close.run();
            delete(folder);
        }));
    }
}
