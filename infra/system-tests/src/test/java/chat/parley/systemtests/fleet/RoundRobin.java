package chat.parley.systemtests.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The simplest of balancers: hands each connection to the next address in turn, and to the one after it where nobody listens. It asks no process how it is, and no client
 * who it is.
 */
final class RoundRobin implements AutoCloseable {
    private static final int CONNECT_MILLIS_MAX = 1_000;
    private static final int BUFFER_BYTES = 16 * 1024;

    private final ServerSocket entrance;
    private final List<URI> addresses;
    private final AtomicInteger turn = new AtomicInteger();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    private RoundRobin(ServerSocket entrance, List<URI> addresses) {
        this.entrance = entrance;
        this.addresses = addresses;
    }

    static RoundRobin before(List<URI> addresses) throws IOException {
        var entrance = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
        var balancer = new RoundRobin(entrance, List.copyOf(addresses));
        Thread.ofPlatform().daemon().name("round-robin").start(balancer::accept);
        return balancer;
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + entrance.getLocalPort());
    }

    private void accept() {
        try {
            while (true) {
                var client = entrance.accept();
                open.add(client);
                Thread.ofVirtual().start(() -> serve(client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket client) {
        try (client;
                var server = next()) {
            open.add(server);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            var back = Thread.ofVirtual().start(() -> copy(server, client));
            copy(client, server);
            back.join();
        } catch (IOException e) {
            // Nobody listens anywhere: the client sees its connection end.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(client);
        }
    }

    private Socket next() throws IOException {
        for (int tried = 0; tried < addresses.size(); tried++) {
            var address = addresses.get(Math.floorMod(turn.getAndIncrement(), addresses.size()));
            var socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), CONNECT_MILLIS_MAX);
                return socket;
            } catch (IOException e) {
                socket.close();
            }
        }
        throw new IOException("nobody listens");
    }

    /** Until one of them ends; then both do, since neither SSE nor requests of these clients need half of a connection. */
    private void copy(Socket from, Socket to) {
        try (from;
                to) {
            var in = from.getInputStream();
            var out = to.getOutputStream();
            byte[] bytes = new byte[BUFFER_BYTES];
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                out.write(bytes, 0, read);
            }
        } catch (IOException e) {
            // The other end is gone.
        } finally {
            open.remove(from);
            open.remove(to);
        }
    }

    @Override
    public void close() {
        try {
            entrance.close();
            for (var socket : open) socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
