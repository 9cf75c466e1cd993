package chat.parley.systemtests.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** One {@code ./parley}, as somebody starts it in a shell. Closing it kills it. */
final class ParleyProcess implements AutoCloseable {
    private static final Duration READY_MAX = Duration.ofMinutes(2);
    private static final Duration END_MAX = Duration.ofSeconds(100);
    private static final String READY = "Parley is ready at ";

    private final Process process;
    private final Path output;
    private final HttpClient http = HttpClient.newHttpClient();

    private ParleyProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /** Starts it on a free port; does not wait. */
    static ParleyProcess start(Path data, String... more) throws IOException {
        return startThrough(List.of(), data, more);
    }

    /** As {@link #start}, by a program that switches the user or the like. */
    static ParleyProcess startThrough(List<String> prefix, Path data, String... more) throws IOException {
        var command = new ArrayList<>(prefix);
        command.addAll(List.of(Repository.launcher().toString(), "--port", "0", "--data", data.toString()));
        command.addAll(List.of(more));
        return run(command);
    }

    /** With exactly these arguments. */
    static ParleyProcess withArguments(String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(Repository.launcher().toString()));
        command.addAll(List.of(arguments));
        return run(command);
    }

    private static ParleyProcess run(List<String> command) throws IOException {
        var output = Files.createTempFile("parley-output-", ".txt");
        var builder = new ProcessBuilder(command)
                .directory(Path.of("/").toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("PARLEY_CLASSPATH", System.getProperty("java.class.path"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return new ParleyProcess(builder.start(), output);
    }

    /** Waits until it says that it is ready, and answers where. */
    URI address() {
        return Awaitility.await("ready: " + output)
                .atMost(READY_MAX)
                .pollInterval(Duration.ofMillis(50))
                .until(
                        () -> {
                            if (!process.isAlive())
                                throw new IllegalStateException("ended with " + process.exitValue() + ": " + output());
                            return output().lines()
                                    .filter(line -> line.contains(READY))
                                    .map(line -> URI.create(line.substring(line.indexOf(READY) + READY.length())
                                            .strip()))
                                    .findFirst()
                                    .orElse(null);
                        },
                        Objects::nonNull);
    }

    int statusOf(String path) throws IOException, InterruptedException {
        return http.send(
                        HttpRequest.newBuilder(address().resolve(path)).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    int post(String path, String json) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(address().resolve(path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    String output() throws IOException {
        return Files.readString(output, UTF_8);
    }

    /** For messages of assertions. */
    String outputNow() {
        try {
            return output();
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** SIGINT to the whole process group, as a terminal sends it on Ctrl-C; the process must lead its group. */
    void interruptGroup() throws IOException, InterruptedException {
        new ProcessBuilder("sh", "-c", "kill -s INT -- -" + process.pid())
                .inheritIO()
                .start()
                .waitFor();
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** SIGKILL, of the JVM only. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    long pid() {
        return process.pid();
    }

    int exitCode() throws InterruptedException {
        if (!process.waitFor(END_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException("did not end within " + END_MAX + "; see " + output);
        }
        return process.exitValue();
    }

    /** Command lines of the servers that work on a data folder. */
    static List<String> serversOf(Path data) throws IOException {
        var servers = new ArrayList<String>();
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (var each : processes) {
                var line = commandLine(each);
                var server = line.contains("/bin/postgres\0") || line.contains("redis-server\0");
                if (server && line.contains(data + "/")) servers.add(line.replace('\0', ' '));
            }
        }
        return servers;
    }

    private static String commandLine(Path process) {
        try {
            return Files.readString(process.resolve("cmdline"));
        } catch (IOException ended) {
            return "";
        }
    }

    @Override
    public void close() throws Exception {
        kill();
        http.close();
        Files.delete(output);
    }
}
