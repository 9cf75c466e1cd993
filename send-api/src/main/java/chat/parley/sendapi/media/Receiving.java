package chat.parley.sendapi.media;

import chat.parley.media.SpoolFile;
import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** A file that is coming in: to disk, and through a hash. Closing it gives the disk back, whether it came to its end or not. */
final class Receiving implements AutoCloseable {
    private final SpoolFile file;
    private final DigestOutputStream stream;

    Receiving() throws IOException {
        file = SpoolFile.create();
        stream = new DigestOutputStream(file.append(), sha256());
    }

    OutputStream stream() {
        return stream;
    }

    /** All of it is there. */
    Received received() throws IOException {
        stream.close();
        byte[] head = new byte[MediaType.HEAD_BYTES];
        int read = file.length() == 0 ? 0 : file.read(0, head, 0, head.length);
        return new Received(
                file, Arrays.copyOf(head, read), stream.getMessageDigest().digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
