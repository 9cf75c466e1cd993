package chat.parley.systemtests.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.embedded.EmbeddedPostgres;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** One service, run by its own main in a JVM of its own, with its settings in the environment. */
public final class ServiceProcess implements AutoCloseable {
    /** A JVM with a cold cache on two busy cores. */
    private static final Duration READY_MAX = Duration.ofSeconds(60);

    /** Longer than the drain the tests set. */
    private static final Duration STOP_MAX = Duration.ofSeconds(20);

    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration ANSWER_MAX = Duration.ofSeconds(2);
    private static final int LOG_LINES_SHOWN = 60;

    /** The parent-death signal below follows the thread that starts the process, so that thread lives as long as the JVM. */
    private static final ExecutorService KEEPER = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("service-keeper").factory());

    private final HttpClient http = HttpClient.newHttpClient();
    private final Service service;
    private final Map<String, String> settings;
    private final int port;
    private final Path log;
    private Process process;

    private ServiceProcess(Service service, Map<String, String> settings, Path folder) throws IOException {
        this.service = service;
        this.port = LowPorts.free();
        this.settings = settings;
        this.log = folder.resolve(service + ".log");
        this.process = launch();
    }

    /** The settings that every service has in common: where its stores are. */
    public static Map<String, String> stores(EmbeddedPostgres postgres, String redis) {
        return Map.of(
                "PARLEY_POSTGRES_URL", postgres.jdbcUrl(),
                "PARLEY_POSTGRES_USER", postgres.user(),
                "PARLEY_POSTGRES_PASSWORD", postgres.password(),
                "PARLEY_REDIS_URL", redis);
    }

    /** Starts it on a free port and does not wait. */
    public static ServiceProcess start(Service service, Map<String, String> settings, Path folder) {
        try {
            return new ServiceProcess(service, settings, folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it serves; the same after a restart. */
    public URI uri() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Returns when {@code /readyz} answers 200. */
    public ServiceProcess awaitReady() {
        Awaitility.await(service + " is ready")
                .atMost(READY_MAX)
                .pollInterval(POLL)
                .until(() -> {
                    if (!process.isAlive())
                        throw new AssertionError(service + " ended while it started:\n" + logTail());
                    return readyStatus() == 200;
                });
        return this;
    }

    /** What {@code /readyz} answers; 0 where it does not. */
    public int readyStatus() throws InterruptedException {
        var request = HttpRequest.newBuilder(uri().resolve("/readyz"))
                .timeout(ANSWER_MAX)
                .build();
        try {
            return http.send(request, BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    /** What {@code /readyz} says; an empty object where it does not answer. */
    JsonNode readyAnswer() throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(uri().resolve("/readyz"))
                .timeout(READY_MAX)
                .build();
        try {
            return Api.json(http.send(request, BodyHandlers.ofString()).body());
        } catch (ConnectException e) {
            return Api.object();
        }
    }

    /** Returns the exit code once it ends by itself. */
    int awaitExit() throws InterruptedException {
        awaitEnd();
        return process.exitValue();
    }

    /** {@code kill -9}; returns when it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        awaitEnd();
    }

    /** SIGSTOP: connections stay open and nobody answers. */
    public void pause() throws Exception {
        signal("STOP");
    }

    /** Lets a paused process go on. */
    public void resume() throws Exception {
        signal("CONT");
    }

    /** SIGTERM, and returns the exit code. */
    public int terminate() throws Exception {
        signal("TERM");
        awaitEnd();
        return process.exitValue();
    }

    /** Starts it again on the same port, and waits until it is ready. */
    public void restart() throws Exception {
        if (process.isAlive()) throw new IllegalStateException(service + " still runs");
        process = launch();
        awaitReady();
    }

    /** Everything it printed, over all its starts. */
    public String log() {
        try {
            return Files.readString(log, UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly();
        awaitEnd();
        http.shutdownNow();
    }

    private void awaitEnd() throws InterruptedException {
        if (!process.waitFor(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError(service + " did not end:\n" + logTail());
        }
    }

    private void signal(String name) throws IOException, InterruptedException {
        var kill = new ProcessBuilder("kill", "-s", name, Long.toString(process.pid()))
                .inheritIO()
                .start();
        if (kill.waitFor() != 0) throw new IllegalStateException("signal " + name + " could not be sent");
    }

    private Process launch() throws IOException {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", java));
        // A quick start matters more here than speed later; small heaps, since four JVMs share the machine.
        command.addAll(
                List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-XX:+UseCompactObjectHeaders"));
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Dlogback.configurationFile=logback.xml"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), service.mainClass()));
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().clear();
        builder.environment().putAll(settings);
        builder.environment().put(service.portSetting(), Integer.toString(port));
        Callable<Process> start = builder::start;
        try {
            return KEEPER.submit(start).get();
        } catch (ExecutionException e) {
            throw new IOException(service + " could not be started", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while starting " + service, e);
        }
    }

    private String logTail() {
        var lines = log().lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size()));
    }
}
