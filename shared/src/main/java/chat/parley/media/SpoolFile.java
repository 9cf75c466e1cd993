package chat.parley.media;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Bytes on their way to a blob store, on disk instead of in memory. The file has no name from the moment it is open, so nothing of it outlives
 * the process, however that ends. Written by one thread, then read by any.
 */
public final class SpoolFile implements BlobStore.Source, AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final FileChannel channel;
    private long length;

    private SpoolFile(FileChannel channel) {
        this.channel = channel;
    }

    /** An empty one, in the folder for temporary files. */
    public static SpoolFile create() throws IOException {
        Path file = Files.createTempFile("parley-upload-", "");
        try {
            return new SpoolFile(FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
        } finally {
            Files.delete(file); // the open channel keeps the bytes
        }
    }

    /** Writes at the end; what is written counts once this is closed. */
    public OutputStream append() {
        return new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES) {
            @Override
            public void close() throws IOException {
                flush(); // and the channel stays open
                length = channel.position();
            }
        };
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public InputStream open() {
        return new BufferedInputStream(new Reader(), BUFFER_BYTES);
    }

    /** Reads into {@code bytes} from a position on; -1 at the end. */
    public int read(long position, byte[] bytes, int offset, int count) throws IOException {
        return channel.read(ByteBuffer.wrap(bytes, offset, count), position);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Has a position of its own. */
    private final class Reader extends InputStream {
        private long position;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
            int read = SpoolFile.this.read(position, bytes, offset, count);
            position += Math.max(read, 0);
            return read;
        }
    }
}
