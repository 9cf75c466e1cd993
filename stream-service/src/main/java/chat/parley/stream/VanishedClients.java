package chat.parley.stream;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes Linux give up a connection whose bytes stay unacknowledged. A client that vanishes without a word would otherwise be held for a quarter
 * of an hour: heartbeats vanish into the send buffer, and while bytes are under way TCP keep-alive is silent.
 *
 * <p>The JDK does not know {@code TCP_USER_TIMEOUT}, so it is set by the C library. Accepted sockets inherit it, so one call on the listening
 * socket serves all. Elsewhere than on Linux rotation alone ends such streams.
 */
final class VanishedClients {
    /** From the first unacknowledged byte; with the clocks of TCP, a vanished client is gone within 30 s after it. */
    static final Duration UNACKNOWLEDGED_MOST = Duration.ofSeconds(20);

    private static final Logger LOG = LoggerFactory.getLogger(VanishedClients.class);

    private static final int IPPROTO_TCP = 6;
    private static final int TCP_USER_TIMEOUT = 18;

    /** Of a line in {@code /proc/net/tcp}: a socket that listens. */
    private static final String LISTENING = "0A";

    private VanishedClients() {}

    /** Puts the limit on whatever listens on {@code port} in this process; says in the log where it cannot. */
    static void giveUpOn(int port) {
        try {
            var descriptor = listeningOn(port);
            if (descriptor.isPresent() && setUserTimeout(descriptor.getAsInt())) {
                return;
            }
            LOG.info("TCP_USER_TIMEOUT is not set; vanished clients are found by rotation only");
        } catch (IOException | RuntimeException e) {
            LOG.info(
                    "TCP_USER_TIMEOUT cannot be set here; vanished clients are found by rotation only: {}",
                    e.toString());
        }
    }

    private static OptionalInt listeningOn(int port) throws IOException {
        for (String table : new String[] {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
            if (!Files.isReadable(Path.of(table))) {
                continue;
            }
            for (String line : Files.readAllLines(Path.of(table))) {
                String[] columns = line.strip().split("\\s+", -1);
                boolean isOurs = columns.length > 9
                        && columns[3].equals(LISTENING)
                        && columns[1].endsWith(":%04X".formatted(port));
                if (isOurs) {
                    var descriptor = descriptorOf("socket:[" + columns[9] + "]");
                    if (descriptor.isPresent()) {
                        return descriptor;
                    }
                }
            }
        }
        return OptionalInt.empty();
    }

    private static OptionalInt descriptorOf(String socket) throws IOException {
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (var descriptor : descriptors) {
                if (Files.isSymbolicLink(descriptor) && socket.equals(target(descriptor))) {
                    return OptionalInt.of(
                            Integer.parseInt(descriptor.getFileName().toString()));
                }
            }
        }
        return OptionalInt.empty();
    }

    /** Descriptors come and go while the list is read. */
    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "gone: " + e.getMessage();
        }
    }

    @SuppressWarnings("restricted") // the one native call of the project; setsockopt reads four bytes that we own
    private static boolean setUserTimeout(int descriptor) {
        var linker = Linker.nativeLinker();
        var setsockopt = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("setsockopt"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_INT));
        try (var arena = Arena.ofConfined()) {
            var millis = arena.allocateFrom(ValueLayout.JAVA_INT, (int) UNACKNOWLEDGED_MOST.toMillis());
            int result = (int) setsockopt.invokeExact(
                    descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, millis, (int) ValueLayout.JAVA_INT.byteSize());
            return result == 0;
        } catch (Throwable e) {
            throw new IllegalStateException("setsockopt failed", e);
        }
    }
}
