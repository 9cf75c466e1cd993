package chat.parley.systemtests.deployment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Files of this repository that are no Java. */
final class RepositoryFiles {
    private RepositoryFiles() {}

    static Path path(String name) {
        var folder = Path.of("").toAbsolutePath();
        while (Files.notExists(folder.resolve("LICENSE"))) {
            folder = folder.getParent();
            if (folder == null) throw new IllegalStateException("the tests run outside of the repository");
        }
        return folder.resolve(name);
    }

    static String text(String name) {
        try {
            return Files.readString(path(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Every file below a folder with such an end of its name. */
    static List<Path> below(String folder, String ending) {
        try (var files = Files.walk(path(folder))) {
            var found = files.filter(file -> file.toString().endsWith(ending))
                    .sorted()
                    .toList();
            if (found.isEmpty()) throw new IllegalStateException("nothing below " + folder + " ends with " + ending);
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
