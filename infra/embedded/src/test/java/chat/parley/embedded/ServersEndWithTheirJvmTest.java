package chat.parley.embedded;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = SECONDS)
class ServersEndWithTheirJvmTest {
    @TempDir
    Path temporary = Path.of("");

    @Test
    void servers_that_outlive_their_jvm_are_ended_by_the_next_start_which_keeps_the_data() throws Exception {
        var data = TestFolders.open(temporary);
        var jvm = otherJvm(data);
        try (var output = jvm.inputReader()) {
            var postgres = pid(output);
            var redis = pid(output);
            // Stopped processes do not hear the signal by which the kernel would end them.
            ServerProcess.signal(postgres, "STOP");
            ServerProcess.signal(redis, "STOP");
            jvm.destroyForcibly().waitFor();
            try (var again = EmbeddedPostgres.start(data.resolve("postgres"));
                    var redisAgain = EmbeddedRedis.start(data.resolve("redis"))) {
                assertEquals("kept", EmbeddedPostgresTest.query(again, "SELECT text FROM note"));
                assertTrue(redisAgain.isAlive());
                assertEnded(postgres);
                assertEnded(redis);
            }
        } finally {
            jvm.destroyForcibly();
        }
    }

    @Test
    void kill_9_of_the_jvm_alone_ends_the_servers() throws Exception {
        var jvm = otherJvm(TestFolders.open(temporary));
        try (var output = jvm.inputReader()) {
            var postgres = pid(output);
            var redis = pid(output);
            jvm.destroyForcibly().waitFor();
            for (var pid : new long[] {postgres, redis}) {
                var handle = ProcessHandle.of(pid);
                if (handle.isPresent() && handle.get().info().arguments().isPresent()) {
                    handle.get().onExit().get(20, SECONDS);
                }
            }
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** A zombie that its new parent has not collected yet has no command line any more. */
    private static void assertEnded(long pid) {
        var commandLine =
                ProcessHandle.of(pid).flatMap(process -> process.info().commandLine());
        assertTrue(commandLine.isEmpty(), () -> "still running: " + commandLine);
    }

    private static long pid(BufferedReader output) throws IOException {
        return Long.parseLong(output.readLine());
    }

    private static Process otherJvm(Path data) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        StartsBoth.class.getName(),
                        data.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** What the other JVM runs. */
    static final class StartsBoth {
        static void main(String[] args) throws Exception {
            var data = Path.of(args[0]);
            try (var postgres = EmbeddedPostgres.start(data.resolve("postgres"));
                    var redis = EmbeddedRedis.start(data.resolve("redis"))) {
                EmbeddedPostgresTest.query(postgres, "CREATE TABLE note AS SELECT 'kept' AS text");
                System.out.println(postgres.pid());
                System.out.println(redis.pid());
                Thread.currentThread().join(); // until killed
            }
        }
    }
}
