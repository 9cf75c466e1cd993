package chat.parley.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The floor of a delivery: {@code floor/floor.c}, a C program that only writes the bytes it is given to every stream. Compiled when it is wanted;
 * it ends with this process.
 */
final class Floor implements AutoCloseable {
    private static final Duration START_MAX = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int POLL_MILLIS = 20;
    private static final List<String> COMPILERS = List.of("cc", "gcc", "clang");

    private final Process process;
    private final InetSocketAddress address;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    private Floor(Process process, InetSocketAddress address) {
        this.process = process;
        this.address = address;
    }

    /** The compiler that is installed, or null. */
    static @Nullable String compiler() {
        return COMPILERS.stream().filter(Floor::isInstalled).findFirst().orElse(null);
    }

    /** Compiles {@code source} into {@code folder} and starts it; {@link #compiler} must have found one. */
    static Floor start(Path source, Path folder) throws IOException, InterruptedException {
        var compiler = Objects.requireNonNull(compiler(), "no C compiler");
        var program = folder.resolve("floor");
        var compiling = new ProcessBuilder(compiler, "-O2", "-o", program.toString(), source.toString())
                .redirectErrorStream(true)
                .start();
        var complaint = new String(compiling.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (compiling.waitFor() != 0) throw new BenchException(compiler + " cannot compile the floor: " + complaint);
        int port = ServiceProcess.freePort();
        var process = new ProcessBuilder("setpriv", "--pdeathsig", "KILL", program.toString(), Integer.toString(port))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("floor.log").toFile())
                .start();
        var floor = new Floor(process, new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
        floor.awaitReady();
        return floor;
    }

    InetSocketAddress address() {
        return address;
    }

    /** CPU time so far. */
    long cpuMicros() throws IOException {
        return ProcessStat.cpuMicros(process.pid());
    }

    /** Writes an event to all streams; returns when it has. */
    void publish(byte[] event) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address.getPort() + "/"))
                .timeout(PATIENCE)
                .POST(HttpRequest.BodyPublishers.ofByteArray(event))
                .build();
        int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        if (status != 202) throw new BenchException("the floor answered " + status);
    }

    private void awaitReady() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START_MAX.toNanos();
        while (System.nanoTime() < deadline) {
            if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) break;
            if (listens()) return;
        }
        close();
        throw new BenchException("the floor did not start");
    }

    private boolean listens() {
        try (var probe = new Socket(address.getAddress(), address.getPort())) {
            return probe.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    @Override
    public void close() {
        http.close();
        process.destroyForcibly();
    }
}
