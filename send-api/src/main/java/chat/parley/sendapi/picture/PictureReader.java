package chat.parley.sendapi.picture;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Reads the numbers that pictures are made of. A picture that ends early is an {@link EOFException}. */
final class PictureReader implements AutoCloseable {
    private static final int BUFFER_BYTES = 16 * 1024;

    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int next;
    private int end;

    PictureReader(InputStream in) {
        this.in = in;
    }

    int u8() throws IOException {
        if (next == end) {
            fill();
        }
        return buffer[next++] & 0xff;
    }

    int u16() throws IOException {
        return u8() << 8 | u8();
    }

    long u32() throws IOException {
        return (long) u16() << 16 | u16();
    }

    int u16LittleEnd() throws IOException {
        return u8() | u8() << 8;
    }

    long u32LittleEnd() throws IOException {
        return u16LittleEnd() | (long) u16LittleEnd() << 16;
    }

    byte[] bytes(int count) throws IOException {
        byte[] bytes = new byte[count];
        int read = 0;
        while (read < count) {
            if (next == end) {
                fill();
            }
            int some = Math.min(count - read, end - next);
            System.arraycopy(buffer, next, bytes, read, some);
            next += some;
            read += some;
        }
        return bytes;
    }

    void skip(long count) throws IOException {
        copy(count, OutputStream.nullOutputStream());
    }

    void copy(long count, OutputStream to) throws IOException {
        long left = count;
        while (left > 0) {
            if (next == end) {
                fill();
            }
            int some = (int) Math.min(left, end - next);
            to.write(buffer, next, some);
            next += some;
            left -= some;
        }
    }

    /** Copies up to a byte of this value, which is read and not copied. */
    void copyUntil(int value, OutputStream to) throws IOException {
        while (true) {
            if (next == end) {
                fill();
            }
            int at = next;
            while (at < end && (buffer[at] & 0xff) != value) {
                at++;
            }
            to.write(buffer, next, at - next);
            next = at;
            if (at < end) {
                next++;
                return;
            }
        }
    }

    private void fill() throws IOException {
        int read = in.read(buffer);
        if (read <= 0) {
            throw new EOFException();
        }
        next = 0;
        end = read;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
