package chat.parley.stream;

import chat.parley.stream.StreamMeters.Dropped;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * The writing side of a stream. At most one write is under way; what comes meanwhile waits for the socket. What is not urgent is held back and
 * goes with the next write, or when its time is up: a phone's radio that is woken once for three events spends a third. Held events keep
 * their place, since they are written before anything that comes after them in the stream.
 *
 * <p>A part of the connection's own object rather than one more object a connection. Its monitor guards everything; methods are called with
 * the monitor held.
 */
abstract class Outgoing extends TakenOver implements Callback {
    /** Most frames that wait for one socket or for company; at some 400 bytes each it is 50 KB. */
    static final int FRAMES_MAX = 128;

    /** Most bytes that wait for one socket or for company. */
    static final int BYTES_MAX = 256 * 1024;

    /** Most lazy events held: more people than a screen shows. */
    static final int LAZY_MAX = 64;

    /** A write that is pending this many seconds goes to a client that stopped reading or is gone. */
    static final int STALL_TICKS = 20;

    private static final ByteBuffer[] NOTHING = {};

    private final Node node;
    /** From the beginning: the first write is that of the response's head, which is not ours. */
    private boolean writing = true;
    /** That write has not begun, and what is written goes along with it; null as soon as it has. */
    private @Nullable StreamAnswer answer;

    private int lastWriteTick;
    private @Nullable ArrayDeque<ByteBuffer> waiting;
    private int waitingBytes;
    private @Nullable Held held;

    /** What is held back; exists only while something is. */
    private static final class Held {
        private final int dueTick;
        /** In the order of the stream. */
        private final ArrayDeque<ByteBuffer> soon = new ArrayDeque<>(2);

        private int soonBytes;
        /** By the event's key, which names the thing it tells of. */
        private @Nullable Map<String, Lazy> lazy;

        Held(int dueTick) {
            this.dueTick = dueTick;
        }
    }

    private record Lazy(ByteBuffer frame, int untilTick) {}

    Outgoing(Node node, EndPoint endPoint, StreamAnswer answer) {
        super(endPoint);
        this.node = node;
        this.answer = answer;
        this.lastWriteTick = node.heartbeats().now();
    }

    Node node() {
        return node;
    }

    // ---- what the stream does about it

    /** More waits than may. */
    abstract void overflowed();

    /** The socket took everything. */
    abstract void written();

    /** Whether writes are still of use. */
    abstract boolean isOpen();

    /** Ticks until the next moment that matters. */
    abstract int ticksToNext(int tick);

    // ---- the first write

    /** Whether nothing is on its way yet; then what is written waits, and nobody has to wait for it. */
    final boolean isGathering() {
        return answer != null;
    }

    /**
     * Sends the response's head with all that was written so far, in one write; what is written from then on waits until the endpoint is ours. Called
     * without the monitor, once the stream was brought so far; repeating it changes nothing.
     */
    final void answer() {
        StreamAnswer mine;
        ByteBuffer first;
        synchronized (this) {
            mine = takeAnswer();
            if (mine == null) {
                return;
            }
            var retry = SseWriter.retry(node.retries().usual());
            first = ByteBuffer.allocate(retry.remaining() + waitingBytes).put(retry);
            if (waiting != null) {
                waiting.forEach(first::put);
                waiting = null;
                waitingBytes = 0;
            }
        }
        mine.begin(first.flip());
    }

    /** The answer that nobody gives any more; null where it is on its way. */
    final @Nullable StreamAnswer takeAnswer() {
        var mine = answer;
        answer = null;
        return mine;
    }

    // ---- writing

    /** Writes a frame now, or when the socket is free, after what was held. */
    final void write(ByteBuffer frame) {
        if (!writing) {
            send(frame);
            return;
        }
        heldBecomesWaiting();
        enqueue(frame);
    }

    /** Writes frames in one go, after what was held; only while no write is under way. */
    final void send(ByteBuffer... frames) {
        send(NOTHING, frames);
    }

    /** What is held goes between the two. */
    private void send(ByteBuffer[] before, ByteBuffer[] after) {
        int now = node.heartbeats().now();
        var frames = withHeld(before, after, now);
        if (frames.length == 0) {
            return;
        }
        lastWriteTick = now;
        if (isTakenAtOnce(frames)) {
            taken(now);
            return;
        }
        writing = true;
        getEndPoint().write(this, frames);
        if (writing && isOpen()) {
            node.heartbeats().schedule(this, STALL_TICKS);
        }
    }

    /** An idle socket mostly takes a frame whole. Then nobody calls back, and half of what a write costs here beside the kernel's share is saved. */
    private boolean isTakenAtOnce(ByteBuffer[] frames) {
        if (frames.length > 1) {
            return false;
        }
        try {
            return getEndPoint().flush(frames);
        } catch (IOException e) {
            return false; // the write that follows fails as well, and tells it
        }
    }

    /** Keeps a frame of the stream back for at most so many ticks. */
    final void hold(ByteBuffer frame, int ticks) {
        int frames = (waiting == null ? 0 : waiting.size()) + (held == null ? 0 : held.soon.size());
        int bytes = waitingBytes + (held == null ? 0 : held.soonBytes) + frame.remaining();
        if (frames >= FRAMES_MAX || bytes > BYTES_MAX) {
            if (writing) {
                overflowed();
            } else {
                send(frame);
            }
            return;
        }
        var keeps = held(ticks);
        keeps.soon.add(frame);
        keeps.soonBytes += frame.remaining();
        node.meters().held(Urgency.SOON);
    }

    /**
     * Keeps a lazy event's frame back for at most so many ticks, in place of the one with its key.
     *
     * @param lifeTicks after so many it is dropped, should the socket not be free before
     */
    final void holdLazy(String key, ByteBuffer frame, int ticks, int lifeTicks) {
        var keeps = held(ticks);
        if (keeps.lazy == null) {
            keeps.lazy = new LinkedHashMap<>();
        }
        int now = node.heartbeats().now();
        int until = lifeTicks == Integer.MAX_VALUE ? Integer.MAX_VALUE : now + lifeTicks;
        node.meters().held(Urgency.LAZY);
        if (keeps.lazy.remove(key) != null) { // taken out, so that the newest stands last
            node.meters().lazyDropped(Dropped.SUPERSEDED);
        } else if (keeps.lazy.size() >= LAZY_MAX) {
            keeps.lazy.remove(keeps.lazy.keySet().iterator().next());
            node.meters().lazyDropped(Dropped.FULL);
        }
        keeps.lazy.put(key, new Lazy(frame, until));
    }

    /** Lets go what is held. */
    final void flush() {
        if (held == null) {
            return;
        }
        if (writing) {
            heldBecomesWaiting();
        } else {
            send();
        }
    }

    /** Forgets everything: the stream is over. */
    final void forget() {
        waiting = null;
        waitingBytes = 0;
        held = null;
    }

    final boolean isWriting() {
        return writing;
    }

    /** Whether the socket makes no progress. */
    final boolean isStalled(int tick) {
        return writing && ticksSinceWrite(tick) >= STALL_TICKS;
    }

    /** Since a write began. */
    final int ticksSinceWrite(int tick) {
        return tick - lastWriteTick;
    }

    /** Ticks until what is held is to be written; many when nothing is. */
    final int ticksToFlush(int tick) {
        return held == null ? Integer.MAX_VALUE : Math.max(0, held.dueTick - tick);
    }

    @Override
    public final synchronized void succeeded() {
        writing = false;
        if (waiting != null) {
            var frames = waiting.toArray(ByteBuffer[]::new);
            waiting = null;
            waitingBytes = 0;
            send(frames, NOTHING); // what is held now came after these
            return;
        }
        taken(node.heartbeats().now());
    }

    private void taken(int now) {
        if (held != null && isOpen()) {
            if (ticksToFlush(now) == 0) {
                send();
                if (writing) {
                    return;
                }
            } else {
                node.heartbeats().schedule(this, ticksToNext(now)); // it was set for a stalled write
            }
        }
        written();
    }

    @Override
    public final InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    private Held held(int ticks) {
        if (held == null) {
            int now = node.heartbeats().now();
            held = new Held(now + ticks);
            if (!writing) {
                node.heartbeats().schedule(this, ticksToNext(now));
            }
        }
        return held;
    }

    private void enqueue(ByteBuffer frame) {
        if (waiting == null) {
            waiting = new ArrayDeque<>();
        }
        if (waiting.size() >= FRAMES_MAX || waitingBytes + frame.remaining() > BYTES_MAX) {
            overflowed();
            return;
        }
        waiting.add(frame);
        waitingBytes += frame.remaining();
    }

    /** What is held of the stream goes before a frame that waits for the socket. Lazy events stay: the last of each goes when the socket is free. */
    private void heldBecomesWaiting() {
        if (held == null || held.soon.isEmpty()) {
            return;
        }
        if (waiting == null) {
            waiting = new ArrayDeque<>();
        }
        waiting.addAll(held.soon);
        waitingBytes += held.soonBytes;
        held.soon.clear();
        held.soonBytes = 0;
        held = held.lazy == null ? null : held;
    }

    /** Lazy events first: whoever was said to be typing has sent their message afterwards. */
    private ByteBuffer[] withHeld(ByteBuffer[] before, ByteBuffer[] after, int now) {
        var goes = held;
        if (goes == null) {
            return before.length == 0 ? after : before;
        }
        held = null;
        var all = new ArrayList<ByteBuffer>();
        if (goes.lazy != null) {
            for (var lazy : goes.lazy.values()) {
                if (lazy.untilTick >= now) {
                    all.add(lazy.frame);
                } else {
                    node.meters().lazyDropped(Dropped.STALE);
                }
            }
            node.meters().delivered(all.size());
        }
        all.addAll(Arrays.asList(before));
        all.addAll(goes.soon);
        all.addAll(Arrays.asList(after));
        return all.toArray(ByteBuffer[]::new);
    }
}
