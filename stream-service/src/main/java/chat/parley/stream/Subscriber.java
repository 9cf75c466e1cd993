package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.event.EncodedEvent;
import chat.parley.event.LiveFrame;
import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.eclipse.jetty.io.EndPoint;
import org.jspecify.annotations.Nullable;

/**
 * One open stream: Jetty's connection over the endpoint it took over, its own write callback, and a cursor. Some 130 bytes; queues exist only
 * while the socket is behind or something is held back, see {@link Outgoing}.
 *
 * <p>While it catches up, live frames are not kept, since the user's stream in Redis keeps them: it only remembers that there was one, and
 * reads again before it goes live. A frame that is not the successor of the last one sends it back to catching up.
 *
 * <p>Any thread may call; its monitor guards its state. Exactly one write is under way at a time.
 */
final class Subscriber extends GroupFollower implements Listener {
    /** What a replay hands to the socket before it waits for the socket to take it. */
    private static final int REPLAY_BYTES = 64 * 1024;

    private enum Phase {
        CATCHING_UP,
        LIVE,
        /** The last frame is on its way. */
        ENDING,
        ENDED
    }

    private final UserId user;
    private final @Nullable SessionId session;
    private final long untilSecond;
    private final Admission.Place place;

    private Phase phase = Phase.CATCHING_UP;
    private Cursor position = NOWHERE;
    /** The newest frame that came while catching up; null when what was read since covers it. */
    private @Nullable Cursor seen;
    /** The feed lost its connection while this was catching up. */
    private boolean again;
    /** The client's last event id is behind the position: what was left out by a filter or rebuilt carries no id. */
    private boolean idUnsent;

    private int leaveTick;
    /** Why it ends at {@link #leaveTick}, or, while it is ending, why. */
    private CloseReason leaveReason = CloseReason.ROTATED;

    private static final Cursor NOWHERE = new Cursor(0, 0, 0, "0");

    /**
     * Takes effect when Jetty opens it.
     *
     * @param lifetime after it the client is made to connect anew
     */
    Subscriber(
            Node node,
            EndPoint endPoint,
            StreamOwner owner,
            StreamOptions options,
            Admission.Place place,
            Duration lifetime,
            StreamAnswer answer) {
        super(node, endPoint, answer, options.shared());
        this.user = owner.user();
        this.session = owner.session();
        this.untilSecond = owner.until().getEpochSecond();
        this.place = place;
        this.leaveTick = node().heartbeats().now() + (int) lifetime.toSeconds();
    }

    UserId user() {
        return user;
    }

    @Override
    public @Nullable SessionId session() {
        return session;
    }

    @Override
    public boolean isIdle() {
        return options().idle();
    }

    @Override
    synchronized Cursor position() {
        return position;
    }

    synchronized boolean isOver() {
        return phase == Phase.ENDING || phase == Phase.ENDED;
    }

    @Override
    public synchronized void deliver(Delivery delivery) {
        var cursor = delivery.cursor();
        if (cursor == null) {
            deliverLazy(delivery);
            return;
        }
        switch (phase) {
            case CATCHING_UP -> seen = cursor;
            case LIVE -> {
                if (isSuccessor(cursor)) {
                    position = cursor;
                    idUnsent |= !writeFrame(delivery, cursor);
                } else if (!isKnown(cursor)) {
                    seen = cursor;
                    fallBehind();
                }
            }
            case ENDING, ENDED -> {}
        }
    }

    @Override
    boolean isBeating() {
        return phase == Phase.LIVE;
    }

    @Override
    void idTold() {
        idUnsent = false;
        super.idTold();
    }

    private boolean isIdOwed() {
        return idUnsent || isGroupTimeOwed();
    }

    /** Writes events of large groups, which carry no ids. */
    int replayGroup(List<Delivery> events) {
        int sent = replay(events, delivery -> new Framed(frameOf(delivery), null), null);
        events.forEach(delivery -> noteGroupTime(delivery.event().timeMillis()));
        return sent;
    }

    /** Not for a client in a pocket, and not before it is live: what it replays is newer news. */
    private void deliverLazy(Delivery delivery) {
        var frame = phase == Phase.LIVE && !options().idle() ? frameOf(delivery) : null;
        if (frame != null) {
            var event = delivery.event();
            holdLazy(event.key(), frame, options().holdTicks(), Urgency.lifeTicks(event.type()));
        }
    }

    @Override
    public synchronized void missed() {
        switch (phase) {
            case CATCHING_UP -> again = true;
            case LIVE -> fallBehind();
            case ENDING, ENDED -> {}
        }
    }

    @Override
    public void sessionEnded(SessionId ended) {
        if (LiveFrame.SessionEnded.concerns(ended, session)) {
            endSaying(StreamEvents.REAUTH, node().retries().usual(), CloseReason.REAUTH);
        }
    }

    @Override
    public void sessionPaused(SessionId paused) {
        if (paused.equals(session)) {
            endWriting(SseWriter.retry(node().retries().whilePaused()), CloseReason.BACKGROUND);
        }
    }

    /** Only a frame of the same stream of the same Redis can continue it; the first frame of all continues nothing. */
    private boolean isSuccessor(Cursor cursor) {
        boolean sameStream = cursor.epoch() == position.epoch() || position.epoch() == 0;
        return sameStream && cursor.n() == position.n() + 1 && cursor.tag().equals(position.tag());
    }

    private boolean isKnown(Cursor cursor) {
        return cursor.epoch() == position.epoch()
                && cursor.n() <= position.n()
                && cursor.tag().equals(position.tag());
    }

    private void fallBehind() {
        phase = Phase.CATCHING_UP;
        node().behind().accept(this);
    }

    /** False where the client does not get it. */
    private boolean writeFrame(Delivery delivery, Cursor cursor) {
        var id = idOf(cursor);
        var frame = id.equals(cursor) ? frameOf(delivery) : frameOf(id, delivery.event());
        if (frame == null) {
            return false;
        }
        if (delivery.urgency() == Urgency.NOW) {
            write(frame);
        } else {
            hold(frame, options().holdTicks());
        }
        node().meters().delivered(1);
        idUnsent = false;
        return true;
    }

    // ---- catching up: one thread, which may block once the answer is under way

    /** Everything published so far will be in the next read. Answers whether a frame came that no read has shown yet. */
    synchronized boolean beginRead() {
        boolean owed = seen != null && !isKnown(seen);
        seen = null;
        again = false;
        return owed;
    }

    /** Goes on from {@code head} without its past. */
    synchronized void begin(Cursor head) {
        position = head;
        idUnsent = true;
    }

    /** Writes a page's events, each with its id. Returns how many, when the socket took them or the stream is over. */
    int replay(Page page) {
        var end = page.reached();
        return replay(page.entries(), entry -> framed(entry, end.tag()), end);
    }

    private Framed framed(LiveFrame.Entry entry, String tag) {
        var event = entry.event();
        var id = idOf(new Cursor(entry.epoch(), entry.n(), event.timeMillis(), tag));
        return new Framed(frameOf(id, event), id);
    }

    /** Writes rebuilt events, without ids: a client that is cut off in between resumes from where it was. */
    int replay(List<EncodedEvent> events) {
        return replay(events, event -> new Framed(frameOf(null, event), null), null);
    }

    /**
     * An event to be written.
     *
     * @param frame null: the client does not get it
     * @param id its place in the person's own stream; null: it has none
     */
    private record Framed(
            @Nullable ByteBuffer frame, @Nullable Cursor id) {}

    /** With ids up to {@code end}, or without any. */
    private <T> int replay(List<T> events, Function<T, Framed> frame, @Nullable Cursor end) {
        int sent = 0;
        int bytes = 0;
        Cursor told = null;
        var frames = new ArrayList<ByteBuffer>();
        for (var event : events) {
            var framed = frame.apply(event);
            if (framed.frame != null) {
                frames.add(framed.frame);
                bytes += framed.frame.remaining();
                sent++;
                told = framed.id;
            }
            if (bytes >= REPLAY_BYTES) {
                writeAndWait(frames, framed.id, told);
                frames.clear();
                bytes = 0;
            }
        }
        writeAndWait(frames, end, told);
        return sent;
    }

    /** Says something of the stream itself, with the position as id if {@code withId}. */
    void say(String type, byte[] json, boolean withId) {
        var at = position();
        var frame = SseWriter.event(withId ? at : null, options().nameOf(type), json);
        writeAndWait(List.of(frame), withId ? at : null, at);
    }

    /**
     * Goes live, unless something came that is to be read first.
     *
     * @param caughtUp said before the first live frame; null: nothing
     */
    synchronized boolean goLive(byte @Nullable [] caughtUp) {
        if (phase != Phase.CATCHING_UP) {
            return true;
        }
        if (again || (seen != null && !isKnown(seen))) {
            return false;
        }
        seen = null;
        phase = Phase.LIVE;
        if (caughtUp != null) {
            write(SseWriter.event(isIdOwed() ? told() : null, options().nameOf(StreamEvents.CAUGHT_UP), caughtUp));
            idTold();
        }
        return true;
    }

    /**
     * @param reached the new position; null: as it is
     * @param told the last id among the frames
     */
    private synchronized void writeAndWait(List<ByteBuffer> frames, @Nullable Cursor reached, @Nullable Cursor told) {
        awaitDrained();
        if (phase != Phase.CATCHING_UP) {
            return;
        }
        if (reached != null && !(reached.equals(position) && frames.isEmpty())) {
            position = reached;
            idUnsent = !reached.equals(told);
        }
        if (frames.isEmpty()) {
            return;
        }
        node().meters().delivered(frames.size());
        if (isGathering()) {
            frames.forEach(this::write);
        } else {
            send(frames.toArray(ByteBuffer[]::new));
            awaitDrained();
        }
    }

    /** The socket's back-pressure reaches the reader of the past here. A stalled socket is closed by the wheel, which ends the wait. */
    private void awaitDrained() {
        boolean interrupted = false;
        while (isWriting() && !isGathering() && phase == Phase.CATCHING_UP) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
                end(CloseReason.FAILED);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- writing; the caller holds the monitor

    @Override
    void overflowed() {
        end(CloseReason.TOO_SLOW);
    }

    @Override
    void written() {
        if (phase == Phase.ENDING) {
            end(leaveReason);
        }
        notifyAll();
    }

    @Override
    boolean isOpen() {
        return phase != Phase.ENDED;
    }

    @Override
    public void failed(Throwable cause) {
        end(CloseReason.CLIENT_LEFT);
    }

    @Override
    synchronized int onTick(int tick) {
        if (phase == Phase.ENDED) {
            return 0;
        }
        if (isStalled(tick)) {
            end(CloseReason.STALLED);
            return 0;
        }
        if (phase == Phase.ENDING) {
            return STALL_TICKS;
        }
        if (!isWriting() && (ticksToFlush(tick) == 0 || tick >= leaveTick)) {
            flush();
        }
        if (secondsLeft() <= 0) {
            endSaying(StreamEvents.REAUTH, node().retries().usual(), CloseReason.REAUTH);
        } else if (tick >= leaveTick && leaveReason == CloseReason.DRAINED) {
            endSaying(StreamEvents.DRAIN, node().retries().afterDrain(), CloseReason.DRAINED);
        } else if (tick >= leaveTick && phase == Phase.LIVE && !isWriting()) {
            end(CloseReason.ROTATED);
        } else if (!isWriting()
                && ticksSinceWrite(tick) >= options().heartbeat().toSeconds()) {
            beat();
        }
        return phase == Phase.ENDED ? 0 : ticksToNext(tick);
    }

    @Override
    int ticksToNext(int tick) {
        long next = isWriting()
                ? STALL_TICKS - ticksSinceWrite(tick)
                : options().heartbeat().toSeconds() - ticksSinceWrite(tick);
        next = Math.min(next, secondsLeft());
        if (!isWriting()) {
            next = Math.min(next, (long) leaveTick - tick);
            next = Math.min(next, ticksToFlush(tick));
        }
        return (int) Math.max(1, next);
    }

    private long secondsLeft() {
        return untilSecond - node().clock().instant().getEpochSecond();
    }

    private void beat() {
        boolean withId = isIdOwed() && phase == Phase.LIVE;
        if (options().heartbeatEvents()) {
            byte[] json = node().events().plain(StreamEvents.HEARTBEAT);
            write(SseWriter.event(withId ? told() : null, options().nameOf(StreamEvents.HEARTBEAT), json));
        } else {
            write(withId ? SseWriter.id(told()) : SseWriter.heartbeat());
        }
        if (withId) {
            idTold();
        }
    }

    @Override
    public synchronized void drainIn(int ticks) {
        leaveTick = node().heartbeats().now() + ticks;
        leaveReason = CloseReason.DRAINED;
        node().heartbeats()
                .schedule(this, Math.min(ticks, ticksToNext(node().heartbeats().now())));
    }

    /** Says {@code type}, and how long to stay away, as the last thing. */
    void endSaying(String type, Duration stayAway, CloseReason reason) {
        var retry = SseWriter.retry(stayAway);
        var last = SseWriter.event(null, options().nameOf(type), node().events().plain(type));
        endWriting(
                ByteBuffer.allocate(retry.remaining() + last.remaining())
                        .put(retry)
                        .put(last)
                        .flip(),
                reason);
    }

    private synchronized void endWriting(ByteBuffer last, CloseReason reason) {
        if (phase == Phase.ENDING || phase == Phase.ENDED) {
            return;
        }
        phase = Phase.ENDING;
        leaveReason = reason;
        notifyAll();
        write(last);
    }

    /** Ends it now; repeating it changes nothing. */
    void end(CloseReason reason) {
        StreamAnswer unsent;
        synchronized (this) {
            if (phase == Phase.ENDED) {
                return;
            }
            phase = Phase.ENDED;
            forget();
            unsent = takeAnswer();
            notifyAll();
        }
        node().heartbeats().cancel(this);
        node().registry().remove(user, this);
        node().admission().leave(place);
        node().meters().close(reason);
        getEndPoint().close();
        if (unsent != null) {
            unsent.abort();
        }
    }

    // ---- Jetty's connection

    /** The head was written, and the endpoint is ours. */
    @Override
    public void onOpen() {
        super.onOpen();
        synchronized (this) {
            succeeded();
            if (isOpen()) {
                node().heartbeats()
                        .schedule(this, ticksToNext(node().heartbeats().now()));
            }
        }
    }

    @Override
    public void close() {
        end(CloseReason.CLIENT_LEFT);
    }
}
