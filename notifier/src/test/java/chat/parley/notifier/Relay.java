package chat.parley.notifier;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A piece of network before a server, which can be cut: connections end by a reset, in the middle of whatever they carry. */
public final class Relay implements AutoCloseable {
    private final ServerSocket server;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile boolean down;

    /** @param target the server's port, on this machine */
    public Relay(int target) throws IOException {
        this.target = target;
        this.server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(this::accept);
    }

    /** Of this end. */
    public int port() {
        return server.getLocalPort();
    }

    /** How many connections came so far. */
    public int connections() {
        return connections.get();
    }

    /** Resets all connections there are. */
    public void cut() {
        open.forEach(Relay::reset);
    }

    /** Whether connections are reset as soon as they come. */
    public void setDown(boolean down) {
        this.down = down;
        if (down) {
            cut();
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        cut();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                var near = server.accept();
                connections.incrementAndGet();
                open.add(near);
                if (down) {
                    reset(near);
                    continue;
                }
                var far = new Socket(InetAddress.getLoopbackAddress(), target);
                open.add(far);
                Thread.startVirtualThread(() -> carry(near, far));
                Thread.startVirtualThread(() -> carry(far, near));
            } catch (IOException e) {
                // closed, or the server is not there: the next one may have luck
            }
        }
    }

    private void carry(Socket from, Socket to) {
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
        } catch (IOException e) {
            // cut
        } finally {
            open.remove(from);
            reset(to);
        }
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0); // then close() sends RST
            socket.close();
        } catch (IOException e) {
            // was closed already
        }
    }
}
