package chat.parley.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Data folders for tests. JUnit's temporary folders are closed to others, so to the account that root's servers run as. */
final class TestFolders {
    private TestFolders() {}

    static Path open(Path temporary) throws IOException {
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwx--x--x"));
        return temporary;
    }
}
