package chat.parley.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis.Persistence;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class EmbeddedRedisTest {
    @TempDir
    Path temporary = Path.of("");

    private Path data = Path.of("");

    @BeforeEach
    void openFolder() throws IOException {
        data = TestFolders.open(temporary).resolve("with a space").resolve("redis");
    }

    @Test
    void what_was_written_before_a_kill_is_there_after_a_restart_on_the_same_port() throws IOException {
        try (var redis = EmbeddedRedis.start(data)) {
            assertEquals("+OK", command(redis, "SET note kept"));
            var port = redis.port();
            redis.kill();
            assertFalse(redis.isAlive());
            redis.restart();
            assertEquals(port, redis.port());
            assertEquals("$4", command(redis, "GET note"));
        }
        try (var redis = EmbeddedRedis.start(data)) {
            assertEquals("$4", command(redis, "GET note"));
        }
    }

    @Test
    void without_persistence_every_start_is_an_empty_one() throws IOException {
        try (var redis = EmbeddedRedis.start(data, 0, Persistence.NONE)) {
            assertEquals("+OK", command(redis, "SET note lost"));
            redis.restart();
            assertEquals("$-1", command(redis, "GET note"));
        }
    }

    @Test
    void nobody_gets_in_without_the_password() throws IOException {
        try (var redis = EmbeddedRedis.start(data);
                var socket = new Socket(InetAddress.ofLiteral(redis.host()), redis.port())) {
            assertTrue(ask(socket, "PING").startsWith("-NOAUTH"));
        }
    }

    @Test
    void streams_are_never_evicted_and_a_paused_server_can_be_closed() throws IOException {
        try (var redis = EmbeddedRedis.start(data)) {
            assertEquals("*2", command(redis, "CONFIG GET maxmemory-policy"));
            assertTrue(Files.readString(data.resolve("redis.conf")).contains("maxmemory-policy noeviction"));
            redis.pause();
        }
    }

    @Test
    void one_folder_serves_one_parley_at_a_time() {
        try (var redis = EmbeddedRedis.start(data)) {
            assertThrows(EmbeddedServerException.class, () -> EmbeddedRedis.start(data));
            assertTrue(redis.isAlive());
        }
    }

    /** First line of the answer. */
    private static String command(EmbeddedRedis redis, String command) throws IOException {
        try (var socket = new Socket(InetAddress.ofLiteral(redis.host()), redis.port())) {
            assertEquals("+OK", ask(socket, "AUTH " + redis.password()));
            return ask(socket, command);
        }
    }

    private static String ask(Socket socket, String command) throws IOException {
        socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
        var line = new StringBuilder();
        for (int next; (next = socket.getInputStream().read()) != '\r'; ) line.append((char) next);
        assertEquals('\n', socket.getInputStream().read());
        return line.toString();
    }
}
