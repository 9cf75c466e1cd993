package chat.parley.systemtests.browser;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** All of Parley as {@code ./parley} runs it, over embedded servers, on a free port and data that are thrown away. */
final class RunningParley implements AutoCloseable {
    private static final String MAIN = "chat.parley.standalone.Standalone";
    private static final String READY = "Parley is ready at ";

    /** Both databases are made, on a cold and busy machine. */
    private static final Duration READY_MAX = Duration.ofSeconds(60);

    /** A history of 200 messages is written in seconds here, by one person. */
    private static final String SENDS_A_MINUTE = "10000";

    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration STOP_MAX = Duration.ofSeconds(30);

    /** The signal of a dying parent follows the thread that started the child, so that thread lives as long as the JVM. */
    private static final ExecutorService KEEPER = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("parley-keeper").factory());

    private final Path folder;
    private final Path output;
    private final Process process;

    private RunningParley(Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        this.output = folder.resolve("output.txt");
        this.process = launch();
    }

    static RunningParley start() throws IOException, InterruptedException {
        return new RunningParley(Files.createTempDirectory("parley-browser-"));
    }

    private Process launch() throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        if (Files.isExecutable(Path.of("/usr/bin/setpriv"))) command.addAll(List.of("setpriv", "--pdeathsig", "KILL"));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // A quick start matters more here than speed later.
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                MAIN,
                "--port",
                "0",
                "--data",
                folder.resolve("data").toString()));
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("PARLEY_LIMIT_SENDS", SENDS_A_MINUTE);
        // The push service of the tests is on this machine, and without TLS.
        builder.environment().put("PARLEY_WEB_PUSH_PRIVATE", "true");
        try {
            return KEEPER.submit(builder::start).get();
        } catch (ExecutionException e) {
            throw new IOException("Parley could not be started", e.getCause());
        }
    }

    /** Where it serves; waits until it does. */
    String address() {
        return Awaitility.await("Parley is ready")
                .atMost(READY_MAX)
                .pollInterval(POLL)
                .until(this::announcedAddress, Optional::isPresent)
                .orElseThrow();
    }

    private Optional<String> announcedAddress() throws IOException {
        var said = Files.readString(output, UTF_8);
        if (!process.isAlive()) throw new AssertionError("Parley ended with " + process.exitValue() + ":\n" + said);
        return said.lines()
                .filter(line -> line.contains(READY))
                .map(line ->
                        line.substring(line.indexOf(READY) + READY.length()).strip())
                .findFirst();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_MAX.toSeconds(), TimeUnit.SECONDS)) process.destroyForcibly();
            try (var files = Files.walk(folder)) {
                for (var file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
