package chat.parley.embedded;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One server's data folder, locked for this JVM until closed. */
final class ServerFolder implements AutoCloseable {
    /** 24 random bytes, 32 characters: beyond guessing, and free of characters that configuration files would escape. */
    private static final int PASSWORD_BYTES = 24;

    /** A log beyond this is set aside at the next start, so that at most two of them exist. */
    private static final long LOG_BYTES_MAX = 10_000_000;

    private static final int LOG_LINES_SHOWN = 8;

    private final Path path;
    private final FileChannel lock;

    private ServerFolder(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /** Creates the folder where it is missing. Refuses when another JVM, or this one already, uses it. */
    static ServerFolder open(Path folder) {
        try {
            Files.createDirectories(folder);
            var path = folder.toRealPath(); // servers are recognized by this path, so it must be the same each time
            var account = ServerAccount.currentUid();
            if (account != ServerAccount.ROOT && ServerAccount.ownerOf(path) != account) {
                throw new EmbeddedServerException(folder + " belongs to another user (was it last used by root?);"
                        + " give it to this user by chown -R, or choose another data folder (--data).");
            }
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
            return new ServerFolder(path, lock(path));
        } catch (AccessDeniedException e) {
            throw new EmbeddedServerException(
                    "The data folder " + folder + " cannot be used: no access to " + e.getFile()
                            + "; choose another one (--data).",
                    e);
        } catch (IOException e) {
            throw new EmbeddedServerException("The data folder " + folder + " cannot be used: " + e, e);
        }
    }

    private static FileChannel lock(Path path) throws IOException {
        var file = FileChannel.open(path.resolve("parley.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (file.tryLock() != null) return file;
        } catch (OverlappingFileLockException heldByThisJvm) {
            file.close();
            throw inUse(path, heldByThisJvm);
        }
        file.close();
        throw inUse(path, null);
    }

    private static EmbeddedServerException inUse(Path path, @Nullable Throwable cause) {
        return new EmbeddedServerException(
                "The data folder " + path
                        + " is in use by another running Parley; stop that one, or choose another data"
                        + " folder (--data).",
                cause);
    }

    Path path() {
        return path;
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    /** Where the server's output goes. */
    Path log() {
        return path.resolve("server.log");
    }

    void rotateLog(ServerAccount account) throws IOException {
        if (Files.exists(log()) && Files.size(log()) > LOG_BYTES_MAX) {
            Files.move(log(), path.resolve("server.log.1"), StandardCopyOption.REPLACE_EXISTING);
        }
        if (Files.notExists(log())) Files.createFile(log());
        account.own(log());
        account.own(path.resolve("parley.lock"));
    }

    /** The end of the log, for the sentence that says why the server did not start. */
    String lastLines() throws IOException {
        if (Files.notExists(log())) return "(no log)";
        List<String> lines = Files.readAllLines(log());
        return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size()));
    }

    boolean hasPassword() {
        return Files.exists(passwordFile());
    }

    Path passwordFile() {
        return path.resolve("password");
    }

    /** The server's password, made when first asked for; readable by the server's account only. */
    String password(ServerAccount account) throws IOException {
        if (!hasPassword()) {
            var bytes = new byte[PASSWORD_BYTES];
            new SecureRandom().nextBytes(bytes);
            writePrivately(
                    passwordFile(), Base64.getUrlEncoder().withoutPadding().encodeToString(bytes) + "\n", account);
        }
        return Files.readString(passwordFile()).strip();
    }

    /** Replaces the file in one step; at no moment is its content there for others. */
    void writePrivately(Path file, String content, ServerAccount account) throws IOException {
        var fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(fresh, content);
        account.own(fresh);
        try (var channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new EmbeddedServerException("The lock of " + path + " could not be released.", e);
        }
    }
}
