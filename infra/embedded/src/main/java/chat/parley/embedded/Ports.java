package chat.parley.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Ports of the loopback address. */
final class Ports {
    /** Where no port is given, a free one is taken. */
    static final int ANY = 0;

    /** Between choosing a free port and using it, someone else may take it; so often is another one tried. */
    static final int ATTEMPTS = 5;

    private Ports() {}

    static int free() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    /** Says so before the server does, in its log, in its own words. */
    static void requireFree(int port, String server) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true); // connections of a server that just ended may linger
            socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
        } catch (IOException e) {
            throw new EmbeddedServerException("Port " + port + " for " + server + " is taken by another program.", e);
        }
    }
}
