package chat.parley.systemtests.clients;

import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** A command line with curl, run by bash as a reader of the README would, with its output in a file. */
final class Curl implements AutoCloseable {
    private static final Duration OUTPUT_MAX = Duration.ofSeconds(20);

    private final Process process;
    private final Path output;

    private Curl(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /** The lines of the README that begin with {@code curl} and name an address; nothing else there may do so. */
    static List<String> readmeLines() throws IOException {
        var folder = Path.of("").toAbsolutePath();
        while (Files.notExists(folder.resolve("parley")))
            folder = folder.resolve("..").normalize();
        return Files.readAllLines(folder.resolve("README.md")).stream()
                .filter(line -> line.startsWith("curl "))
                .toList();
    }

    /** Runs a line of the README, where both services are at one address, against two of them. */
    static Curl run(String line, Person person, String conversation) throws IOException {
        var api = person.api();
        var output = Files.createTempFile("parley-curl-", ".txt");
        var builder = new ProcessBuilder("bash", "-c", "exec " + here(line, api))
                .redirectError(ProcessBuilder.Redirect.DISCARD) // the progress meter
                .redirectOutput(output.toFile());
        builder.environment().put("token", person.token());
        builder.environment().put("conversation", conversation);
        return new Curl(builder.start(), output);
    }

    private static String here(String line, Api api) {
        var changed = line.replace("localhost:8080/v1/stream", "'" + api.stream() + "'")
                .replace("localhost:8080/v1/conversations", api.sendApi() + "/v1/conversations");
        if (changed.contains("8080")) throw new IllegalArgumentException("an address nobody knows: " + line);
        return changed;
    }

    /** Returns the output once it is as wanted. */
    String await(Predicate<String> wanted) {
        return Awaitility.await("output of curl")
                .atMost(OUTPUT_MAX)
                .pollInterval(Duration.ofMillis(20))
                .until(this::output, wanted);
    }

    /** Waits for its end; it must be a good one. */
    String finish() throws Exception {
        int exitCode = process.waitFor();
        if (exitCode != 0) throw new AssertionError("curl ended with " + exitCode + ": " + output());
        return output();
    }

    private String output() throws IOException {
        return Files.readString(output, UTF_8);
    }

    @Override
    public void close() throws Exception {
        process.destroy();
        process.waitFor();
        Files.delete(output);
    }
}
