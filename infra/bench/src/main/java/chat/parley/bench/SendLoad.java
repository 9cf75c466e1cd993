package chat.parley.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Sends for a while and waits for every answer. Either as fast as answers come, one message at a time a sender, or at a rate: then a message
 * that finds all senders waiting counts from when it was due, so that a slow server shows as latency and not as fewer samples.
 */
final class SendLoad {
    /**
     * What came of it.
     *
     * @param acknowledged messages answered by 201
     * @param answers from sending to the whole answer
     */
    record Result(long acknowledged, Duration took, Latencies answers) {
        double perSecond() {
            return acknowledged * 1e9 / took.toNanos();
        }
    }

    private static final int CREATED = 201;
    private static final int SELECT_MILLIS_MAX = 100;
    private static final Duration ANSWER_PATIENCE = Duration.ofSeconds(20);

    private final Selector selector;
    private final Deque<Sender> idle = new ArrayDeque<>();
    private final Latencies answers = new Latencies();
    private long sent;
    private long acknowledged;

    private SendLoad(Selector selector) {
        this.selector = selector;
    }

    /**
     * @param routes of each sender
     * @param perSecond messages, or 0 for as many as go
     * @param run makes the keys of these messages new
     */
    static Result run(
            InetSocketAddress server, List<List<Sender.Route>> routes, Duration duration, int perSecond, String run)
            throws IOException {
        var senders = new ArrayList<Sender>();
        try (var selector = Selector.open()) {
            var load = new SendLoad(selector);
            try {
                for (var own : routes) senders.add(Sender.connect(selector, server, own, run));
                load.idle.addAll(senders);
                return load.send(duration, perSecond);
            } finally {
                for (var sender : senders) sender.close();
            }
        }
    }

    private Result send(Duration duration, int perSecond) throws IOException {
        long start = System.nanoTime();
        long end = start + duration.toNanos();
        while (System.nanoTime() < end) {
            selector.select(this::answered, perSecond == 0 ? sendAll() : sendDue(start, perSecond));
        }
        long givenUp = end + ANSWER_PATIENCE.toNanos();
        while (acknowledged < sent) {
            if (System.nanoTime() > givenUp) throw new BenchException(sent - acknowledged + " sends got no answer");
            selector.select(this::answered, SELECT_MILLIS_MAX);
        }
        return new Result(acknowledged, Duration.ofNanos(System.nanoTime() - start), answers);
    }

    /** Returns how many ms nothing needs to be sent, at least 1. */
    private long sendAll() throws IOException {
        for (var sender = idle.poll(); sender != null; sender = idle.poll()) sender.send(sent++, System.nanoTime());
        return SELECT_MILLIS_MAX;
    }

    private long sendDue(long start, int perSecond) throws IOException {
        double nanosEach = 1e9 / perSecond;
        while (true) {
            long due = start + (long) (sent * nanosEach);
            long now = System.nanoTime();
            // At least 1: not to wait would take a core from the servers that are measured.
            if (due > now) return Math.clamp((due - now) / 1_000_000, 1, SELECT_MILLIS_MAX);
            var sender = idle.poll();
            if (sender == null) return SELECT_MILLIS_MAX;
            // The selector wakes us up to a millisecond late; that is ours, and later than that is the server's.
            sender.send(sent++, now - due < 2_000_000 ? now : due);
        }
    }

    private void answered(SelectionKey key) {
        var sender = (Sender) key.attachment();
        try {
            int status = sender.read();
            if (status == 0) return;
            if (status != CREATED) throw new BenchException("a send was answered by " + status + " " + sender.body());
            acknowledged++;
            answers.add(System.nanoTime() - sender.sentAt());
            idle.add(sender);
        } catch (IOException e) {
            throw new BenchException("a sender failed: " + e.getMessage(), e);
        }
    }
}
