package chat.parley.media;

import chat.parley.ops.StoreUnavailable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blobs as files of a folder, which nodes may share by a network file system. A file is written beside, flushed and renamed: whoever sees
 * its name sees all of it, also after a crash.
 */
final class DirectoryBlobStore implements BlobStore {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryBlobStore.class);

    /** Below the folder, so that a rename stays within its file system. */
    private static final String UNFINISHED = "unfinished";

    private final Path root;
    private final Path unfinished;

    /** Makes the folder; complains in words that the operator can use. */
    DirectoryBlobStore(Path root) {
        this.root = root.toAbsolutePath();
        this.unfinished = this.root.resolve(UNFINISHED);
        try {
            Files.createDirectories(unfinished);
        } catch (IOException e) {
            throw new IllegalArgumentException("PARLEY_MEDIA names a folder that cannot be made: " + this.root, e);
        }
    }

    @Override
    public void put(BlobKey key, Source source) {
        Path target = path(key);
        try {
            Path file = Files.createTempFile(unfinished, "blob-", "");
            try {
                copy(source, file);
                if (Files.notExists(parent(target))) {
                    Files.createDirectories(parent(target));
                    flushFolder(root);
                }
                Files.move(file, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(file);
            }
            flushFolder(parent(target)); // the name is durable only then
        } catch (IOException e) {
            throw new StoreUnavailable("media", e);
        }
    }

    @Override
    public Optional<InputStream> open(BlobKey key, long offset, long length) {
        try {
            var channel = FileChannel.open(path(key), StandardOpenOption.READ);
            try {
                channel.position(offset);
                return Optional.of(new Part(Channels.newInputStream(channel), length));
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            LOG.debug("no blob {}", key, e);
            return Optional.empty();
        } catch (IOException e) {
            throw new StoreUnavailable("media", e);
        }
    }

    @Override
    public void delete(BlobKey key) {
        try {
            Files.deleteIfExists(path(key));
        } catch (IOException e) {
            throw new StoreUnavailable("media", e);
        }
    }

    @Override
    public void sweep(Instant olderThan) {
        try (var files = Files.newDirectoryStream(unfinished)) {
            for (var file : files) {
                sweep(file, olderThan);
            }
        } catch (IOException e) {
            throw new StoreUnavailable("media", e);
        }
    }

    @Override
    public void close() {
        // nothing is held
    }

    private static void sweep(Path file, Instant olderThan) throws IOException {
        try {
            if (Files.getLastModifiedTime(file).toInstant().isBefore(olderThan)) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            LOG.debug("{} was finished meanwhile", file, e);
        }
    }

    private Path path(BlobKey key) {
        return root.resolve(key.text());
    }

    private static Path parent(Path file) {
        Path parent = file.getParent();
        if (parent == null) {
            throw new IllegalStateException("a blob lies in a folder");
        }
        return parent;
    }

    private static void copy(Source source, Path file) throws IOException {
        try (var from = source.open();
                var to = FileChannel.open(file, StandardOpenOption.WRITE)) {
            long copied = from.transferTo(Channels.newOutputStream(to));
            if (copied != source.length()) {
                throw new IOException(copied + " bytes came of " + source.length());
            }
            to.force(true);
        }
    }

    private static void flushFolder(Path folder) throws IOException {
        try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** The first bytes of a stream. */
    private static final class Part extends FilterInputStream {
        private long left;

        Part(InputStream whole, long length) {
            super(whole);
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            int read = read(one, 0, 1);
            return read < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int read = in.read(bytes, offset, (int) Math.min(length, left));
            if (read < 0) {
                throw new IOException("the blob is shorter than its row says");
            }
            left -= read;
            return read;
        }

        @Override
        public long skip(long count) throws IOException {
            long skipped = in.skip(Math.min(count, left));
            left -= skipped;
            return skipped;
        }

        @Override
        public int available() {
            return 0;
        }

        @Override
        public boolean markSupported() {
            return false;
        }
    }
}
