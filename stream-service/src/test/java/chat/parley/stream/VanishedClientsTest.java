package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Asks the kernel what it will do with a client that vanishes. That it then does so is the kernel's promise (tcp(7)); a network to cut is not to be
 * had on the loopback.
 */
@EnabledOnOs(OS.LINUX)
class VanishedClientsTest {
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_USER_TIMEOUT = 18;
    private static final String ESTABLISHED = "01";

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    @Test
    void the_kernel_gives_up_an_accepted_stream_whose_bytes_stay_unacknowledged() throws Throwable {
        try (var world = new StreamWorld(POSTGRES, REDIS.uri());
                var node = world.node()) {
            StreamServiceTest.awaitReady(node);
            try (var client = SseClient.resume(node.port(), world.person(), null)) {
                client.until("stream.caught_up");
                var timeouts = new ArrayList<Integer>();
                for (int descriptor : descriptors(acceptedOn(node.port()))) {
                    timeouts.add(userTimeoutMillis(descriptor));
                }
                assertFalse(timeouts.isEmpty(), "no accepted socket was found");
                assertEquals(Set.of((int) VanishedClients.UNACKNOWLEDGED_MOST.toMillis()), new HashSet<>(timeouts));
            }
        }
    }

    private static Set<String> acceptedOn(int port) throws IOException {
        var inodes = new HashSet<String>();
        for (String table : List.of("/proc/self/net/tcp", "/proc/self/net/tcp6")) {
            for (String line : Files.readAllLines(Path.of(table))) {
                String[] columns = line.strip().split("\\s+", -1);
                if (columns.length > 9
                        && columns[3].equals(ESTABLISHED)
                        && columns[1].endsWith(":%04X".formatted(port))) {
                    inodes.add("socket:[" + columns[9] + "]");
                }
            }
        }
        return inodes;
    }

    private static List<Integer> descriptors(Set<String> sockets) throws IOException {
        var found = new ArrayList<Integer>();
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (var descriptor : descriptors) {
                if (Files.isSymbolicLink(descriptor)
                        && sockets.contains(Files.readSymbolicLink(descriptor).toString())) {
                    found.add(Integer.parseInt(descriptor.getFileName().toString()));
                }
            }
        }
        return found;
    }

    @SuppressWarnings("restricted") // asks for the option that the code under test sets
    private static int userTimeoutMillis(int descriptor) throws Throwable {
        var linker = Linker.nativeLinker();
        var getsockopt = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("getsockopt"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.ADDRESS));
        try (var arena = Arena.ofConfined()) {
            var value = arena.allocate(ValueLayout.JAVA_INT);
            var length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) ValueLayout.JAVA_INT.byteSize());
            int result = (int) getsockopt.invokeExact(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, value, length);
            assertEquals(0, result);
            return value.get(ValueLayout.JAVA_INT, 0);
        }
    }
}
