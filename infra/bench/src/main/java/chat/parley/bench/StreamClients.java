package chat.parley.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Thousands of subscribers on one thread and one selector. */
final class StreamClients implements AutoCloseable {
    /** Subscribers that connect at the same time: below the usual backlog of a listening socket. */
    private static final int CONNECTING_MAX = 64;

    /** A source address has 28,000 ports; far below, the kernel finds a free one at once. */
    private static final int PORTS_PER_SOURCE = 2_500;

    /**
     * Ports that were used stay taken for a minute, and among many such the kernel searches for long: whoever opens streams next comes from another
     * network. 127.0 is left to everyone else.
     */
    private static final AtomicInteger NETWORKS = new AtomicInteger();

    private static final int NETWORKS_MAX = 250;

    /** A server that is overloaded for a moment says so, and is asked again; one that always is must not be asked for ever. */
    private static final int REFUSED_MAX = 5_000;

    private static final int READ_BYTES = 256 * 1024;
    private static final int SELECT_MILLIS = 100;
    private static final int POLL_MILLIS = 5;
    private static final long OPEN_PATIENCE_NANOS = 20_000_000_000L;

    private final int network = 1 + NETWORKS.getAndIncrement() % NETWORKS_MAX;
    private final List<InetSocketAddress> servers;
    private final Selector selector;
    private final Thread thread;
    private final Queue<StreamClient.Opening> toOpen = new ConcurrentLinkedQueue<>();
    private volatile boolean closing;
    private volatile int live;
    private volatile int ended;
    private volatile int refused;
    private volatile @Nullable Throwable failure;
    private volatile @Nullable Tally tally;

    // Of the thread only, and of whoever closed this.
    private final List<StreamClient.Opening> left = new ArrayList<>();
    private int opened;
    private int connecting;

    StreamClients(InetSocketAddress server) throws IOException {
        this(List.of(server));
    }

    /** @param servers each takes the next connection in turn */
    StreamClients(List<InetSocketAddress> servers) throws IOException {
        this.servers = List.copyOf(servers);
        this.selector = Selector.open();
        this.thread = Thread.ofPlatform().name("stream-clients").start(this::run);
    }

    /** Opens {@code each} streams for each of {@code people} and returns when all are live. */
    void open(List<Person> people, int each) throws InterruptedException {
        var openings = new ArrayList<StreamClient.Opening>();
        for (int i = 0; i < each; i++) {
            people.forEach(person -> openings.add(new StreamClient.Opening(person.token(), null)));
        }
        open(openings);
    }

    /** Opens all of {@code openings} and returns when all are live, which is after their replays. */
    void open(List<StreamClient.Opening> openings) throws InterruptedException {
        int target = live + openings.size();
        toOpen.addAll(openings);
        selector.wakeup();
        int seen = live;
        long progressAt = System.nanoTime();
        while (live < target) {
            check();
            if (System.nanoTime() - progressAt > OPEN_PATIENCE_NANOS) {
                throw new BenchException(live + " of " + target + " streams are live and no more become so");
            }
            Thread.sleep(POLL_MILLIS);
            if (live > seen) {
                seen = live;
                progressAt = System.nanoTime();
            }
        }
    }

    /** From now on messages count here, and no longer where they did. */
    Tally tally() {
        return tally(Long.MIN_VALUE);
    }

    /** As {@link #tally()}, but those sent before do not count: streams that come back are told some messages again. */
    Tally tally(long sentSinceNanos) {
        var fresh = new Tally(sentSinceNanos);
        tally = fresh;
        return fresh;
    }

    /** Throws if a stream was refused or the reader failed. */
    void check() {
        var cause = failure;
        if (cause != null) throw new BenchException("the stream clients failed: " + cause.getMessage(), cause);
    }

    /** Streams that the server closed. */
    int ended() {
        return ended;
    }

    /** Answers 503, each of which was followed by another try. */
    int refused() {
        return refused;
    }

    private void run() {
        try {
            var shared = ByteBuffer.allocateDirect(READ_BYTES);
            var bytes = new byte[READ_BYTES];
            while (!closing) {
                while (connecting < CONNECTING_MAX) {
                    var opening = toOpen.poll();
                    if (opening == null) break;
                    StreamClient.open(selector, servers.get(opened % servers.size()), source(), opening);
                    opened++;
                    connecting++;
                }
                selector.select(key -> ready(key, shared, bytes), SELECT_MILLIS);
            }
            for (var key : selector.keys()) {
                var client = (StreamClient) key.attachment();
                left.add(client.again());
                client.close();
            }
            selector.close();
        } catch (IOException | RuntimeException e) {
            failure = e;
        }
    }

    private InetAddress source() {
        return InetAddress.ofLiteral("127." + network + ".0." + (1 + opened / PORTS_PER_SOURCE));
    }

    // Only this thread writes these counters; the others read them.
    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void ready(SelectionKey key, ByteBuffer shared, byte[] bytes) {
        var client = (StreamClient) key.attachment();
        try {
            if (key.isConnectable()) {
                client.connected();
                return;
            }
            switch (client.read(shared, bytes, tally)) {
                case NONE -> {}
                case LIVE -> {
                    connecting--;
                    live++;
                }
                case BUSY -> {
                    if (++refused > REFUSED_MAX) throw new BenchException("streams are refused by 503 again and again");
                    client.close();
                    connecting--;
                    toOpen.add(client.opening());
                }
                case ENDED -> {
                    client.close();
                    ended++;
                    if (client.isLive()) live--;
                    else connecting--;
                    toOpen.add(client.again()); // as a browser would: it goes on after what it has read
                }
            }
        } catch (IOException e) {
            throw new BenchException("a stream broke: " + e.getMessage(), e);
        }
    }

    /** Closes all; what opens each of them again where it was. */
    List<StreamClient.Opening> leave() throws InterruptedException {
        close();
        check();
        return List.copyOf(left);
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        selector.wakeup();
        thread.join();
    }
}
