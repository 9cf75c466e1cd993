package chat.parley.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secrets that stand in files. */
class SettingsFileTest {
    @TempDir
    Path folder = Path.of("");

    @Test
    void a_password_and_an_address_may_stand_in_files() throws Exception {
        var password = Files.writeString(folder.resolve("password"), "hush hush\n");
        var address = Files.writeString(folder.resolve("address"), "redis://:hush@example:6379\n");
        var settings = new Settings(Map.of("PARLEY_A_FILE", password.toString(), "PARLEY_B_FILE", address.toString()));
        assertEquals(
                "hush hush",
                Objects.requireNonNull(settings.passwordOrNull("PARLEY_A")).reveal());
        assertEquals(URI.create("redis://:hush@example:6379"), settings.address("PARLEY_B", "redis://example"));
        assertNull(settings.passwordOrNull("PARLEY_C"));
        settings.refuseUnknown();
    }

    @Test
    void a_file_that_cannot_be_read_and_two_answers_are_refused() throws Exception {
        var missing =
                new Settings(Map.of("PARLEY_A_FILE", folder.resolve("none").toString()));
        assertTrue(message(missing).contains("PARLEY_A_FILE"), message(missing));
        var file = Files.writeString(folder.resolve("a"), "hush");
        var both = new Settings(Map.of("PARLEY_A", "hush", "PARLEY_A_FILE", file.toString()));
        assertTrue(message(both).contains("both"), message(both));
        assertFalse(message(both).contains("hush"), message(both));
    }

    @Test
    void an_address_that_is_none_is_not_repeated() {
        var settings = new Settings(Map.of("PARLEY_A", "redis://:hu^sh@example:6379"));
        var refused =
                assertThrows(IllegalArgumentException.class, () -> settings.address("PARLEY_A", "redis://example"));
        var printed = new StringWriter();
        refused.printStackTrace(new PrintWriter(printed));
        assertTrue(printed.toString().contains("PARLEY_A is not an address"), printed.toString());
        assertFalse(printed.toString().contains("hu^sh"), printed.toString());
    }

    private static String message(Settings settings) {
        return String.valueOf(assertThrows(IllegalArgumentException.class, () -> settings.passwordOrNull("PARLEY_A"))
                .getMessage());
    }
}
