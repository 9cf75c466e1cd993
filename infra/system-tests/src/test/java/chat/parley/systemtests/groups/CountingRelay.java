package chat.parley.systemtests.groups;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** A piece of network before a server that counts what passes: the bytes of both ways, and what is asked for. */
final class CountingRelay implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;

    /** Carries one connection's requests, and names each to {@code counts}. Ends with the connection. */
    @FunctionalInterface
    interface Language {
        void carry(DataInputStream from, DataOutputStream to, Requests counts) throws IOException;
    }

    /** What is told of each request. */
    @FunctionalInterface
    interface Requests {
        void count(String request);
    }

    /**
     * What passed so far.
     *
     * @param requests how often each was made
     */
    record Passed(Map<String, Long> requests, long bytes) {
        Passed since(Passed before) {
            var made = new TreeMap<>(requests);
            before.requests.forEach((request, count) -> made.merge(request, -count, Long::sum));
            made.values().removeIf(count -> count == 0);
            return new Passed(made, bytes - before.bytes);
        }
    }

    private final ServerSocket entrance;
    private final InetSocketAddress server;
    private final Language language;
    private final Map<String, LongAdder> requests = new ConcurrentHashMap<>();
    private final AtomicLong bytes = new AtomicLong();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    CountingRelay(String host, int port, Language language) throws IOException {
        this.server = new InetSocketAddress(host, port);
        this.language = language;
        this.entrance = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(this::accept);
    }

    int port() {
        return entrance.getLocalPort();
    }

    Passed passed() {
        var made = new TreeMap<String, Long>();
        requests.forEach((request, count) -> made.put(request, count.sum()));
        return new Passed(made, bytes.get());
    }

    private void accept() {
        while (!entrance.isClosed()) {
            try {
                var client = entrance.accept();
                var far = new Socket();
                open.add(client);
                open.add(far);
                far.connect(server);
                client.setTcpNoDelay(true);
                far.setTcpNoDelay(true);
                Thread.startVirtualThread(() -> carry(client, far, language));
                Thread.startVirtualThread(() -> carry(far, client, CountingRelay::asItComes));
            } catch (IOException e) {
                // Closed, or the server is not there: clients see it.
            }
        }
    }

    private void carry(Socket from, Socket to, Language how) {
        try (from;
                to) {
            var in = new DataInputStream(new BufferedInputStream(from.getInputStream(), BUFFER_BYTES));
            var out = new DataOutputStream(new Counted(to));
            how.carry(
                    in,
                    out,
                    request -> requests.computeIfAbsent(request, unused -> new LongAdder())
                            .increment());
        } catch (IOException e) {
            // One end is gone, and so the other.
        } finally {
            open.remove(from);
            open.remove(to);
        }
    }

    /** What is written is counted before it is on its way: whoever saw an effect sees the count. */
    private final class Counted extends BufferedOutputStream {
        Counted(Socket to) throws IOException {
            super(to.getOutputStream(), BUFFER_BYTES);
        }

        @Override
        public synchronized void write(byte[] from, int offset, int length) throws IOException {
            bytes.addAndGet(length);
            super.write(from, offset, length);
        }

        @Override
        public synchronized void write(int one) throws IOException {
            bytes.incrementAndGet();
            super.write(one);
        }
    }

    /** Of a language that nobody looks into. */
    static void asItComes(DataInputStream from, DataOutputStream to, Requests unused) throws IOException {
        byte[] some = new byte[BUFFER_BYTES];
        for (int read = from.read(some); read >= 0; read = from.read(some)) {
            to.write(some, 0, read);
            to.flush();
        }
    }

    @Override
    public void close() throws IOException {
        entrance.close();
        for (var socket : open) {
            socket.close();
        }
    }
}
