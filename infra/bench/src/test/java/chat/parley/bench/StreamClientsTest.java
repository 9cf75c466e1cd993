package chat.parley.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class StreamClientsTest {
    private static final long PATIENCE_NANOS = 10_000_000_000L;
    private static final List<Person> ANN = List.of(new Person("ann", "token"));

    @Test
    void messages_count_once_wherever_the_bytes_are_cut() throws Exception {
        var message = "id: 1\nevent: message.created\ndata: {\"data\":{\"text\":\"" + Stamp.text(7) + "\"}}\n\n";
        var counting = new CountDownLatch(1);
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
                var threads = Executors.newCachedThreadPool();
                var streams = new StreamClients((InetSocketAddress) socket.getLocalSocketAddress())) {
            var server = threads.submit(() -> {
                try (var connection = socket.accept()) {
                    connection.setTcpNoDelay(true);
                    var out = connection.getOutputStream();
                    out.write("HTTP/1.1 200 OK\r\n\r\nevent: stream.caught_up\ndata: {}\n\n".getBytes(US_ASCII));
                    counting.await();
                    for (byte one : (": beat\n\n" + message + message).getBytes(US_ASCII)) out.write(one);
                    connection.shutdownOutput();
                    return connection.getInputStream().readAllBytes().length;
                }
            });
            streams.open(ANN, 1);
            var tally = streams.tally();
            counting.countDown();

            assertTrue(tally.await(2, PATIENCE_NANOS));
            assertTrue(server.get() > 0);
            streams.check();
            assertEquals(2, tally.messages());
        }
    }

    @Test
    void a_refused_stream_is_told_and_not_waited_for() throws Exception {
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
                var threads = Executors.newCachedThreadPool();
                var streams = new StreamClients((InetSocketAddress) socket.getLocalSocketAddress())) {
            var server = threads.submit(() -> refuse(socket));

            var failure = assertThrows(BenchException.class, () -> streams.open(ANN, 1));

            assertTrue(failure.toString().contains("401"), failure.toString());
            server.get();
        }
    }

    @Test
    void who_comes_back_names_the_last_event_read() throws Exception {
        try (var socket = new ServerSocket(0, 2, InetAddress.ofLiteral("127.0.0.1"));
                var threads = Executors.newCachedThreadPool()) {
            var server = threads.submit(() -> {
                greet(socket);
                return greet(socket);
            });
            var at = (InetSocketAddress) socket.getLocalSocketAddress();
            List<StreamClient.Opening> left;
            try (var streams = new StreamClients(at)) {
                streams.open(ANN, 1);
                left = streams.leave();
            }
            try (var streams = new StreamClients(at)) {
                streams.open(left);
            }

            assertTrue(server.get().contains("\r\nLast-Event-ID: 17-4\r\n"), server.get());
        }
    }

    /** Answers one stream; returns its request. */
    private static String greet(ServerSocket socket) throws IOException {
        try (var connection = socket.accept()) {
            var request = new byte[4096];
            int length = connection.getInputStream().read(request);
            var answer = "HTTP/1.1 200 OK\r\n\r\nid: 17-4\nevent: stream.caught_up\ndata: {}\n\n";
            connection.getOutputStream().write(answer.getBytes(US_ASCII));
            assertEquals(-1, connection.getInputStream().read()); // the client leaves first
            return new String(request, 0, length, US_ASCII);
        }
    }

    private static Void refuse(ServerSocket socket) throws IOException {
        try (var connection = socket.accept()) {
            assertTrue(connection.getInputStream().read(new byte[4096]) > 0); // closing with bytes unread would reset
            connection.getOutputStream().write("HTTP/1.1 401 Unauthorized\r\n\r\n".getBytes(US_ASCII));
            return null;
        }
    }
}
