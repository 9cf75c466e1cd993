package chat.parley.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.ByteArrayEndPoint;

/** A socket in memory that counts writes, and may take one later than it was asked to. */
final class SlowEndPoint extends ByteArrayEndPoint {
    private static final int FIRST_BYTES = 1_024;

    boolean slow;
    int writes;

    SlowEndPoint() {
        super(new byte[0], FIRST_BYTES, true);
    }

    @Override
    public boolean flush(ByteBuffer... buffers) throws IOException {
        if (slow) {
            return false;
        }
        writes++;
        return super.flush(buffers);
    }

    /** Takes what was asked, and from now on at once. */
    void speedUp() {
        slow = false;
        getWriteFlusher().completeWrite();
    }
}
