package chat.parley.notifier;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files with a vendor's credentials. Complaints go on after the file's name, and never show what stands in it. */
final class CredentialFile {
    /** The longest, a service account of Google, has 3 KB. More is another file, or a device that never ends. */
    private static final int BYTES_MAX = 64 * 1024;

    private CredentialFile() {}

    /** @throws IllegalArgumentException if there is no such file, or it is not ours to read, or too large */
    static byte[] read(Path file) {
        byte[] content;
        try (var in = Files.newInputStream(file)) {
            content = in.readNBytes(BYTES_MAX + 1);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot be read (" + e.getClass().getSimpleName() + ")", e);
        }
        if (content.length > BYTES_MAX) {
            throw new IllegalArgumentException("has more than " + BYTES_MAX + " bytes");
        }
        return content;
    }
}
