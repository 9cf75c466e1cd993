package chat.parley.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One service in a JVM of its own, with the flags of the launcher. Ends with this process, however that ends. */
final class ServiceProcess implements AutoCloseable {
    /** The file that ./parley and the image use, so that figures are those of what people start. */
    private static final Path OPTIONS = Path.of(System.getProperty("parley.bench.options", "../jvm.options"));

    /** As ./parley has it. */
    private static final String HEAP_MAX = "-Xmx1g";

    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final Duration STOP_MAX = Duration.ofSeconds(20);
    private static final int POLL_MILLIS = 50;
    private static final int LOG_LINES_SHOWN = 20;

    private final String mainClass;
    private final Process process;
    private final int port;
    private final Path log;

    private ServiceProcess(String mainClass, Process process, int port, Path log) {
        this.mainClass = mainClass;
        this.process = process;
        this.port = port;
        this.log = log;
    }

    /**
     * Starts a service of the class path we run on.
     *
     * @param port where the settings make it listen
     * @param settings the environment, which names nothing else of Parley
     * @param jvmOptions added to the flags, for example to record a profile
     */
    static ServiceProcess start(
            String mainClass, int port, Map<String, String> settings, List<String> jvmOptions, Path log)
            throws IOException {
        var command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", java("java")));
        command.addAll(List.of(HEAP_MAX, "@" + OPTIONS));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path", ""), mainClass));
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_"));
        builder.environment().putAll(settings);
        return new ServiceProcess(mainClass, builder.start(), port, log);
    }

    /** A program of the JDK we run on. */
    static String java(String program) {
        return Path.of(System.getProperty("java.home", ""), "bin", program).toString();
    }

    /** A port that was free a moment ago. */
    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    /** Where it takes requests. */
    int port() {
        return port;
    }

    long pid() {
        return process.pid();
    }

    /** Returns when {@code /readyz} says yes. */
    void awaitReady(HttpClient http) throws IOException, InterruptedException {
        var ready = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/readyz"))
                .timeout(START_MAX)
                .build();
        long deadline = System.nanoTime() + START_MAX.toNanos();
        while (System.nanoTime() < deadline) {
            if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) break;
            if (answersOk(http, ready)) return;
        }
        var lines = Files.readAllLines(log);
        throw new BenchException(mainClass + " did not become ready. The end of its log:\n"
                + String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size())));
    }

    private static boolean answersOk(HttpClient http, HttpRequest request) throws InterruptedException {
        try {
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false; // it does not listen yet
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS)) process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
