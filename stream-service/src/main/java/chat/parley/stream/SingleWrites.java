package chat.parley.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * A socket that writes a buffer that comes alone by {@code write(2)}. Jetty gathers always, and {@code writev(2)} costs the JDK and the kernel a list of one;
 * events mostly are one buffer.
 */
final class SingleWrites extends SocketChannelEndPoint {
    SingleWrites(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
        super(channel, selector, key, scheduler);
    }

    @Override
    public boolean flush(ByteBuffer... buffers) throws IOException {
        if (buffers.length != 1) {
            return super.flush(buffers);
        }
        var buffer = buffers[0];
        try {
            if (getChannel().write(buffer) > 0) {
                notIdle();
            }
        } catch (IOException e) {
            throw new EofException(e);
        }
        return !buffer.hasRemaining();
    }
}
