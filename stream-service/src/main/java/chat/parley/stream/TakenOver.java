package chat.parley.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.EventListener;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * A connection over an endpoint that was Jetty's HTTP connection: waits for the client to close and wants nothing else of it. {@link #close}
 * must be repeatable.
 */
abstract class TakenOver extends Timed implements Connection, Connection.UpgradeTo {
    /** Bytes a client may still send; it has nothing to say, and reading on would be free work for an attacker. */
    private static final int INPUT_BYTES_MAX = 4 * 1024;

    /** Read at once, to be dropped. */
    private static final int INPUT_BUFFER_BYTES = 512;

    private final EndPoint endPoint;

    TakenOver(EndPoint endPoint) {
        this.endPoint = endPoint;
    }

    /** Called when the endpoint is ours. Streams are idle on purpose, and have a clock of their own. */
    @Override
    public void onOpen() {
        endPoint.setIdleTimeout(0);
        endPoint.fillInterested(new Input());
    }

    @Override
    public void onClose(@Nullable Throwable cause) {
        close();
    }

    /** What the client sent after its request, before the endpoint was ours. */
    @Override
    public void onUpgradeTo(ByteBuffer early) {
        early.position(early.limit());
    }

    @Override
    public EndPoint getEndPoint() {
        return endPoint;
    }

    @Override
    public boolean onIdleExpired(@Nullable TimeoutException timeout) {
        return false;
    }

    @Override
    public void addEventListener(EventListener listener) {
        Objects.requireNonNull(listener);
    }

    @Override
    public void removeEventListener(EventListener listener) {
        Objects.requireNonNull(listener);
    }

    @Override
    public long getMessagesIn() {
        return -1;
    }

    @Override
    public long getMessagesOut() {
        return -1;
    }

    @Override
    public long getBytesIn() {
        return -1;
    }

    @Override
    public long getBytesOut() {
        return -1;
    }

    @Override
    public long getCreatedTimeStamp() {
        return endPoint.getCreatedTimeStamp();
    }

    /** Waits for the client to close; a closed stream is freed at once, not at the next write. */
    private final class Input implements Callback {
        private int bytes;

        @Override
        public void succeeded() {
            try {
                var sink = ByteBuffer.allocate(INPUT_BUFFER_BYTES).limit(0);
                int filled = endPoint.fill(sink);
                while (filled > 0 && bytes <= INPUT_BYTES_MAX) {
                    bytes += filled;
                    sink.limit(0);
                    filled = endPoint.fill(sink);
                }
                if (filled < 0 || bytes > INPUT_BYTES_MAX) {
                    close();
                } else {
                    endPoint.fillInterested(this);
                }
            } catch (IOException e) {
                close();
            }
        }

        @Override
        public void failed(Throwable cause) {
            close();
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }
}
