package chat.parley.systemtests.deployment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Programs of the machine's packages. */
final class Programs {
    /** Daemons stand in folders that only root's path names. */
    private static final List<String> OF_ROOT = List.of("/usr/sbin", "/usr/local/sbin");

    private static final long CHECK_SECONDS_MAX = 60;

    private Programs() {}

    /** Where a program is; without it the test is left out on a developer's machine, and fails in CI. */
    static Path required(String program, String debianPackage) {
        return find(program).orElseGet(() -> missing(program, debianPackage));
    }

    static Optional<Path> find(String program) {
        var path = System.getenv().getOrDefault("PATH", "").split(File.pathSeparator);
        return Stream.concat(Arrays.stream(path).filter(folder -> !folder.isBlank()), OF_ROOT.stream())
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static Path missing(String program, String debianPackage) {
        var sentence = "This test needs " + program + ": install it (Debian's package " + debianPackage + ").";
        return System.getenv("CI") == null ? abort(sentence) : fail(sentence);
    }

    /** Runs it to its end; answers what it printed, and fails the test where it did not end well. */
    static String run(ProcessBuilder command) throws IOException, InterruptedException {
        var process = command.redirectErrorStream(true).start();
        process.getOutputStream().close();
        var printed = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (!process.waitFor(CHECK_SECONDS_MAX, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return fail(command.command() + " did not end:\n" + printed);
        }
        return process.exitValue() == 0 ? printed : fail(command.command() + " says:\n" + printed);
    }
}
