package chat.parley.embedded;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** The machine's kind, as the artifacts spell it. */
record Platform(String name, String zonkyName) {

    static Platform current() {
        var system = System.getProperty("os.name");
        var processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        if (system.equals("Linux")) {
            if (processor.equals("amd64") || processor.equals("x86_64")) return new Platform("amd64", "x86_64");
            if (processor.equals("aarch64") || processor.equals("arm64")) return new Platform("arm64", "arm_64");
        }
        throw new EmbeddedServerException("There are no embedded servers for " + system + " on " + processor
                + ", only for Linux on amd64 and arm64; run PostgreSQL and Redis yourself and name them by --postgres and"
                + " --redis.");
    }

    /** Complains where a program of the base system is missing, before anything is started. */
    static void require(String... programs) {
        for (var program : programs) {
            if (!isOnPath(program)) {
                throw new EmbeddedServerException(
                        "The program " + program + " (Linux package util-linux) is not on the PATH;"
                                + " the embedded servers are started through it. Install it, or run PostgreSQL and Redis yourself and"
                                + " name them by --postgres and --redis.");
            }
        }
    }

    private static boolean isOnPath(String program) {
        var path = System.getenv("PATH");
        if (path == null) return false;
        for (var folder : path.split(File.pathSeparator, -1)) {
            if (Files.isExecutable(Path.of(folder, program))) return true;
        }
        return false;
    }
}
