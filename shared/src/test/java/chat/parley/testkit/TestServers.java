package chat.parley.testkit;

import chat.parley.embedded.EmbeddedPostgres;
import chat.parley.embedded.EmbeddedRedis;
import chat.parley.embedded.EmbeddedRedis.Persistence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;

/** The servers of this JVM, started when first asked for, ended and deleted with it. */
final class TestServers {
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
