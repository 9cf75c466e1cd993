package chat.parley.systemtests.launcher;

import java.nio.file.Files;
import java.nio.file.Path;

/** The repository that these tests were built from. */
final class Repository {
    private Repository() {}

    /** The launcher itself. */
    static Path launcher() {
        var folder = Path.of("").toAbsolutePath();
        while (Files.notExists(folder.resolve("parley"))) {
            folder = folder.getParent();
            if (folder == null) throw new IllegalStateException("the tests run outside of the repository");
        }
        return folder.resolve("parley");
    }
}
