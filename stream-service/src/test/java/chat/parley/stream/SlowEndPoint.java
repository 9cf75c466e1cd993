package chat.parley.stream;

import java.nio.ByteBuffer;
import org.eclipse.jetty.io.ByteArrayEndPoint;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** A socket in memory that counts writes, and may take one later than it was asked to. */
final class SlowEndPoint extends ByteArrayEndPoint {
    private static final int FIRST_BYTES = 1_024;

    boolean slow;
    int writes;
    private @Nullable Runnable pending;

    SlowEndPoint() {
        super(new byte[0], FIRST_BYTES, true);
    }

    @Override
    public void write(Callback callback, ByteBuffer... buffers) {
        if (pending != null) {
            throw new IllegalStateException("two writes at once");
        }
        writes++;
        if (slow) {
            pending = () -> super.write(callback, buffers);
        } else {
            super.write(callback, buffers);
        }
    }

    /** Takes what was asked, and from now on at once. */
    void speedUp() {
        slow = false;
        var write = pending;
        pending = null;
        if (write != null) {
            write.run();
        }
    }
}
