package chat.parley.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;
import java.util.UUID;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tukaani.xz.XZInputStream;

/**
 * The servers' executables, unpacked from the class path once a version. Any number of processes may ask at once: each
 * unpacks into a folder of its own, and the first atomic rename wins.
 */
final class Binaries {
    private static final Logger LOG = LoggerFactory.getLogger(Binaries.class);

    private Binaries() {}

    /** The installation of PostgreSQL; holds {@code bin/postgres} and {@code bin/initdb}. */
    static Path postgres() {
        var platform = Platform.current();
        return unpacked("postgresql-" + version("postgres") + "-" + platform.name(), folder -> {
            try (var archive = resource("/postgres-linux-" + platform.zonkyName() + ".txz")) {
                untar(archive, folder);
            }
        });
    }

    /** The executable of Redis. */
    static Path redisServer() {
        var platform = Platform.current();
        var home = unpacked("redis-" + version("redis") + "-" + platform.name(), folder -> {
            try (var program = resource("/redis-server-7.0.15-linux-" + platform.name())) {
                write(program, folder.resolve("redis-server"), true);
            }
        });
        return home.resolve("redis-server");
    }

    private interface Unpacking {
        void into(Path folder) throws IOException;
    }

    private static Path unpacked(String name, Unpacking unpacking) {
        try {
            var cache = cacheFolder();
            var home = cache.resolve(name);
            if (Files.isDirectory(home)) return home;
            LOG.info("Unpacking {} into {}", name, cache);
            var fresh = Files.createDirectory(cache.resolve("." + name + "-" + UUID.randomUUID()));
            try {
                unpacking.into(fresh);
                makeReadable(fresh); // another user may have to run it, whatever our umask is
                Files.move(fresh, home, StandardCopyOption.ATOMIC_MOVE);
            } catch (FileAlreadyExistsException | DirectoryNotEmptyException someoneWasFaster) {
                LOG.debug("{} was unpacked by another process meanwhile", name);
            } finally {
                Folders.deleteRecursively(fresh);
            }
            return home;
        } catch (AtomicMoveNotSupportedException e) {
            throw new EmbeddedServerException(
                    "The cache folder's file system cannot rename " + name + " atomically.", e);
        } catch (IOException e) {
            throw new EmbeddedServerException("Could not unpack " + name + ": " + e, e);
        }
    }

    /** Root's home is closed to the user the servers run as, so root caches where the system caches. */
    private static Path cacheFolder() throws IOException {
        var root = ServerAccount.currentUid() == ServerAccount.ROOT;
        var xdg = System.getenv("XDG_CACHE_HOME");
        var usual = root
                ? Path.of("/var/cache")
                : xdg != null && xdg.startsWith("/")
                        ? Path.of(xdg)
                        : Path.of(System.getProperty("user.home"), ".cache");
        try {
            return owned(Files.createDirectories(usual.resolve("parley")));
        } catch (IOException noWritableHome) {
            LOG.debug("{} cannot hold the cache", usual, noWritableHome);
            var shared = Path.of(System.getProperty("java.io.tmpdir"), "parley-cache-" + ServerAccount.currentUid());
            return owned(Files.createDirectories(shared));
        }
    }

    /** A folder in a place that everyone may write to could have been prepared by someone else, with another executable. */
    private static Path owned(Path folder) throws IOException {
        if (!Files.isWritable(folder)) throw new IOException(folder + " is not writable");
        if (ServerAccount.ownerOf(folder) != ServerAccount.currentUid()) {
            throw new EmbeddedServerException(folder + " belongs to another user; remove it.");
        }
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        return folder.toRealPath();
    }

    private static void untar(InputStream archive, Path folder) throws IOException {
        try (var tar = new TarArchiveInputStream(new XZInputStream(archive))) {
            for (TarArchiveEntry entry; (entry = tar.getNextEntry()) != null; ) {
                var path = folder.resolve(entry.getName()).normalize();
                if (!path.startsWith(folder)) throw new IOException("entry outside of the archive: " + entry.getName());
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                } else if (entry.isSymbolicLink()) {
                    Files.createDirectories(path.resolveSibling("."));
                    Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                } else if (!entry.getName().endsWith(".a")) { // static libraries are for compilers
                    Files.createDirectories(path.resolveSibling("."));
                    write(tar, path, (entry.getMode() & 0100) != 0);
                }
            }
        }
    }

    private static void write(InputStream from, Path to, boolean executable) throws IOException {
        Files.copy(from, to);
        Files.setPosixFilePermissions(to, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
        // Else a power cut soon afterwards could leave empty files under the final name, and every later start would
        // fail.
        try (var file = FileChannel.open(to, StandardOpenOption.WRITE)) {
            file.force(false);
        }
    }

    private static void makeReadable(Path folder) throws IOException {
        try (var paths = Files.walk(folder)) {
            for (var path : (Iterable<Path>) paths.filter(Files::isDirectory)::iterator) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
    }

    private static InputStream resource(String name) {
        var stream = Binaries.class.getResourceAsStream(name);
        if (stream == null) throw new EmbeddedServerException("The class path has no " + name + ".");
        return stream;
    }

    private static String version(String server) {
        var versions = new Properties();
        try (var file = resource("versions.properties")) {
            versions.load(file);
        } catch (IOException e) {
            throw new EmbeddedServerException("versions.properties cannot be read.", e);
        }
        return versions.getProperty(server);
    }
}
