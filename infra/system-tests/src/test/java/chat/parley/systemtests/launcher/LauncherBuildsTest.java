package chat.parley.systemtests.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The script in a small tree of its own, with a Maven and a JDK that only say that they were called. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class LauncherBuildsTest {
    @TempDir
    Path tree = Path.of("");

    @BeforeEach
    void makeTree() throws IOException {
        executable(tree.resolve("parley"), Files.readString(Repository.launcher()));
        for (var file :
                List.of("pom.xml", "shared/pom.xml", "infra/standalone/pom.xml", "shared/src/main/java/A.java")) {
            write(tree.resolve(file), "made up");
        }
        Files.createDirectories(tree.resolve("clients"));
        executable(tree.resolve("bin/mvn"), """
                #!/bin/sh
                echo built >>"$PWD/builds.txt"
                [ -e "$PWD/broken" ] && { echo "[ERROR] it is broken"; exit 1; }
                mkdir -p infra/standalone/target/dist/lib
                echo jar >infra/standalone/target/dist/lib/a.jar
                """);
        executable(tree.resolve("jdk/bin/java"), "#!/bin/sh\necho \"ran $*\"\n");
        executable(tree.resolve("jdk/bin/javac"), "#!/bin/sh\n");
        write(tree.resolve("jdk/release"), "IMPLEMENTOR=\"made up\"\nJAVA_VERSION=\"25.0.1\"\n");
    }

    @Test
    void the_first_start_builds_and_the_second_does_not() throws Exception {
        assertTrue(run(tree.resolve("parley"), "--port", "9").contains("Standalone --port 9"));
        run(tree.resolve("parley"));
        assertEquals(1, builds());
    }

    @Test
    void a_changed_an_added_and_a_deleted_source_each_cause_one_build() throws Exception {
        run(tree.resolve("parley"));
        var soon = FileTime.from(
                Files.getLastModifiedTime(tree.resolve("pom.xml")).toInstant().plus(Duration.ofHours(1)));
        var source = tree.resolve("shared/src/main/java/A.java");
        Files.setLastModifiedTime(source, soon);
        run(tree.resolve("parley"));
        assertEquals(2, builds());

        Files.setLastModifiedTime(source, FileTime.fromMillis(0));
        run(tree.resolve("parley"));
        assertEquals(2, builds());

        Files.delete(source);
        Files.setLastModifiedTime(source.resolveSibling("."), soon);
        run(tree.resolve("parley"));
        assertEquals(3, builds());
    }

    @Test
    void two_first_starts_at_once_build_once() throws Exception {
        var one = start(tree.resolve("parley"));
        var other = start(tree.resolve("parley"));
        assertTrue(output(one).contains("ran "));
        assertTrue(output(other).contains("ran "));
        assertEquals(1, builds());
    }

    @Test
    void it_is_found_through_a_link_from_any_folder() throws Exception {
        var link = Files.createSymbolicLink(tree.resolve("elsewhere"), tree.resolve("parley"));
        assertTrue(run(link).contains("chat.parley.standalone.Standalone"));
    }

    @Test
    void a_failed_build_is_shown_and_repeated_next_time() throws Exception {
        write(tree.resolve("broken"), "");
        var failed = start(tree.resolve("parley"));
        var output = output(failed);
        assertTrue(output.contains("[ERROR] it is broken"), output);
        assertTrue(output.contains("parley: The build failed"), output);
        assertEquals(1, failed.waitFor());
        Files.delete(tree.resolve("broken"));
        assertTrue(run(tree.resolve("parley")).contains("ran "));
    }

    @Test
    void without_a_jdk_that_is_new_enough_one_sentence_says_what_to_install() throws Exception {
        var future = Files.readString(tree.resolve("parley")).replace("java_wanted=25", "java_wanted=999");
        Files.writeString(tree.resolve("parley"), future);
        var refused = start(tree.resolve("parley"));
        var output = output(refused);
        assertTrue(output.startsWith("parley: Parley needs a JDK 999"), output);
        assertEquals(1, output.lines().count());
        assertEquals(1, refused.waitFor());
    }

    private String run(Path script, String... arguments) throws Exception {
        var process = start(script, arguments);
        var output = output(process);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    private Process start(Path script, String... arguments) throws IOException {
        var builder = new ProcessBuilder(script.toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().clear();
        builder.environment().put("PATH", tree.resolve("bin") + ":/usr/bin:/bin");
        builder.environment().put("JAVA_HOME", tree.resolve("jdk").toString());
        return builder.directory(Path.of("/").toFile())
                .redirectErrorStream(true)
                .start();
    }

    private static String output(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), UTF_8);
    }

    private long builds() throws IOException {
        return Files.readAllLines(tree.resolve("builds.txt")).size();
    }

    private static void executable(Path file, String content) throws IOException {
        write(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void write(Path file, String content) throws IOException {
        Files.createDirectories(file.resolveSibling("."));
        Files.writeString(file, content);
    }
}
