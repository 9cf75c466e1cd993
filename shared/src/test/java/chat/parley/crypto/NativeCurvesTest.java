package chat.parley.crypto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.security.Signature;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** On machines that the native provider is made for: Linux, x86-64 or ARM, with the C library of GNU. */
@EnabledOnOs(
        value = OS.LINUX,
        architectures = {"amd64", "aarch64"})
class NativeCurvesTest {
    private static final String NAME = "AmazonCorrettoCryptoProvider";
    private static final long CHILD_SECONDS_MAX = 60;

    @TempDir
    Path folder = Path.of("");

    @Test
    void on_linux_the_native_provider_is_the_one_in_use() {
        var provider = NativeCurves.provider();
        assertNotNull(provider);
        assertEquals(NAME, provider.getName());
    }

    @Test
    void nobody_gets_it_without_naming_it() throws Exception {
        assertNotNull(NativeCurves.provider());
        assertNull(Security.getProvider(NAME));
        assertNotEquals(
                NAME, Signature.getInstance("SHA256withECDSA").getProvider().getName());
    }

    @Test
    void each_machine_has_its_own_jar_and_an_unknown_one_has_none() throws Exception {
        var classPath = NativeCurves.class.getClassLoader();
        var intel = NativeCurves.jarFor("amd64", classPath).orElseThrow();
        var arm = NativeCurves.jarFor("aarch64", classPath).orElseThrow();
        assertNotEquals(intel, arm);
        assertEquals(Optional.empty(), NativeCurves.jarFor("riscv64", classPath));
        assertEquals(Optional.empty(), NativeCurves.jarFor("amd64", ClassLoader.getPlatformClassLoader()));
    }

    @Test
    void the_library_of_another_machine_is_not_taken() throws Exception {
        String other = System.getProperty("os.arch").equals("amd64") ? "aarch64" : "amd64";
        var jar =
                NativeCurves.jarFor(other, NativeCurves.class.getClassLoader()).orElseThrow();
        assertThrows(Exception.class, () -> NativeCurves.load(jar));
    }

    @Test
    void a_process_says_which_it_uses() throws Exception {
        String said = said();
        assertTrue(said.contains("elliptic curves by " + NAME), said);
        assertTrue(said.endsWith(NAME), said);
    }

    @Test
    void without_a_folder_for_temporary_files_a_process_goes_on_with_the_jdks() throws Exception {
        var file = Files.createFile(folder.resolve("no folder"));
        assertFallsBack(said("-Djava.io.tmpdir=" + file));
    }

    @Test
    void an_operator_can_keep_the_native_library_out() throws Exception {
        assertFallsBack(said("-Dcom.amazon.corretto.crypto.provider.useExternalLib=true"));
    }

    private static void assertFallsBack(String said) {
        assertTrue(said.contains("elliptic curves by the JDK"), said);
        assertTrue(said.endsWith("null"), said);
    }

    /** What a new process wrote that asked for the provider and then printed its name. */
    private String said(String... options) throws Exception {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Asking.class.getName()));
        var output = folder.resolve("output");
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertTrue(process.waitFor(CHILD_SECONDS_MAX, TimeUnit.SECONDS), "still runs");
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(output, StandardCharsets.UTF_8).strip();
        assertEquals(0, process.exitValue(), said);
        return said;
    }

    /** What the new process does. */
    static final class Asking {
        private Asking() {}

        public static void main(String[] args) {
            var provider = NativeCurves.provider();
            System.out.println(provider == null ? "null" : provider.getName());
        }
    }
}
