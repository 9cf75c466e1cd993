package chat.parley.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.event.Cursor;
import chat.parley.event.EncodedEvent;
import chat.parley.event.LiveFrame;
import chat.parley.id.ConversationId;
import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Executor;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stream's events by request and answer, for clients that cannot hold a stream. A waiting poll holds no thread: a frame or the end of its
 * time wakes it, and it reads the stream again from its cursor. What is not urgent wakes it later, and what is not stored never: there is
 * nothing to read then.
 */
final class LongPoll {
    private static final Logger LOG = LoggerFactory.getLogger(LongPoll.class);

    private final Past past;
    private final CatchUp.Followed followed;
    private final Node node;
    private final Executor blocking;

    /** @param blocking runs what blocks, a virtual thread each */
    LongPoll(Past past, CatchUp.Followed followed, Node node, Executor blocking) {
        this.past = past;
        this.followed = followed;
        this.node = node;
        this.blocking = blocking;
    }

    /** One request and its answer. */
    record Exchange(Request request, Response response, Callback callback, Problems problems) {}

    /** Answers now or when there is something. Blocks while it reads. */
    void serve(StreamRequest asked, UserId user, @Nullable SessionId session, Admission.Place place, Exchange http) {
        new Poll(asked, user, session, place, http).begin();
    }

    /** One request that waits, or is about to. */
    final class Poll extends Timed implements Listener {
        private final StreamRequest asked;
        private final UserId user;
        private final @Nullable SessionId session;
        private final Admission.Place place;
        private final Exchange http;
        private @Nullable Cursor cursor;
        private GroupReplay groups = GroupReplay.NONE;
        /** Up to then it was told of large groups; of those with a place, up to there. */
        private long sinceMillis;
        /** The newest of their events. */
        private long groupMillis;

        private volatile boolean groupsChanged;
        private boolean running = true;
        private boolean woken;
        private boolean timeIsUp;
        private boolean over;
        private boolean answering;
        private int endTick;
        /** When something that is not urgent wakes it; 0: nothing came. */
        private int wakeTick;

        Poll(StreamRequest asked, UserId user, @Nullable SessionId session, Admission.Place place, Exchange http) {
            this.asked = asked;
            this.user = user;
            this.session = session;
            this.place = place;
            this.http = http;
            this.timeIsUp = asked.patience().isZero();
        }

        private void begin() {
            guarded(() -> {
                boolean waits = !asked.patience().isZero();
                if (waits) {
                    if (!node.registry().add(user, this)) {
                        refuse(Fault.TOO_MANY_REQUESTS);
                        return;
                    }
                    http.request().addIdleTimeoutListener(idle -> false);
                    endIn((int) asked.patience().toSeconds());
                    node.registry().awaitSubscribed(user);
                }
                groups = groups();
                if (asked.lastEventId() == null) {
                    groups.fromEnds();
                    fromNow(past.head(user));
                    if (waits) {
                        goOn();
                    } else {
                        answerNothing();
                    }
                    return;
                }
                cursor = past.understood(asked.lastEventId()).orElse(null);
                sinceMillis = cursor == null ? 0 : cursor.timeMillis();
                if (!look()) {
                    goOn();
                }
            });
        }

        private void fromNow(Cursor head) {
            cursor = groups.isEmpty() ? head : past.now(head);
            sinceMillis = cursor.timeMillis();
        }

        /** Looks as often as it was woken; then waits on, or answers as its time is up. */
        private void goOn() {
            while (isWoken()) {
                if (look()) {
                    return;
                }
            }
        }

        private boolean isWoken() {
            synchronized (this) {
                if (!timeIsUp) {
                    running = woken;
                    woken = false;
                    return running;
                }
            }
            answerNothing();
            return false;
        }

        /** Answers if there is something; false where there is not. */
        private boolean look() {
            boolean isAnswered = false;
            boolean more = true;
            while (more && !isAnswered) {
                // What history tells, it tells of large groups too.
                try (var next = past.after(user, cursor, asked.limit(), this::isOver, groups::fromEnds)) {
                    more = next instanceof Resumption.Exact exact
                            && exact.page().more();
                    isAnswered = switch (next) {
                        case Resumption.Exact exact -> answer(exact.page());
                        case Resumption.Rebuilt rebuilt -> answer(rebuilt);
                        case Resumption.Reset reset -> new Items().end(reset);
                    };
                }
            }
            return isAnswered;
        }

        private void answerNothing() {
            new Items().end(reached(cursor));
        }

        /** False where there is nothing that is wanted. */
        private boolean answer(Page page) {
            cursor = page.reached();
            var items = new Items();
            page.entries().forEach(entry -> items.add(entry.event()));
            if (page.more()) {
                // Of the groups nothing is told yet: the next poll goes on from the time of this one.
                return items.count > 0 && items.end(beforeGroups(cursor));
            }
            readGroups(items);
            if (groups.isTooMuch()) {
                groups.fromEnds();
                return items.end(past.reset(user));
            }
            return items.count > 0 && items.end(reached(cursor));
        }

        /** However many: an answer that stopped in between would have no cursor to go on from. Written in parts. */
        private boolean answer(Resumption.Rebuilt rebuilt) {
            var items = new Items();
            for (var part = rebuilt.next(); !part.isEmpty(); part = rebuilt.next()) {
                rebuilt.place().toClient(part, items::addAll);
                if (rebuilt.place().gaveWay()) {
                    rebuilt.close();
                    return items.end(past.reset(user));
                }
            }
            return items.end(reached(rebuilt.head()));
        }

        /** The cursor with what it has been told of large groups. */
        private String reached(@Nullable Cursor own) {
            if (own == null || groups.isEmpty()) {
                return String.valueOf(own);
            }
            long time = Math.max(own.timeMillis(), groupMillis);
            return own.withTime(time) + groups.written(time - Past.OVERLAP.toMillis());
        }

        /** The cursor with the groups as the client was told of them before. */
        private String beforeGroups(Cursor own) {
            if (groups.isEmpty()) {
                return own.toString();
            }
            return own.withTime(Math.min(own.timeMillis(), sinceMillis))
                    + groups.written(sinceMillis - Past.OVERLAP.toMillis());
        }

        /** Its large groups, where it has been told of them until now. */
        private GroupReplay groups() {
            return followed.of(user, !asked.patience().isZero()).from(GroupReplay.parse(asked.lastEventId()));
        }

        /** Adds what its large groups have after the cursor. */
        private void readGroups(Items items) {
            if (groupsChanged) {
                groupsChanged = false;
                groups = groups().from(groups.places());
            }
            // No later time is told: while a slow client takes minutes, more is said in groups read before.
            long began = node.clock().millis();
            groups.read(sinceMillis - Past.OVERLAP.toMillis(), new GroupReplay.Sink() {
                @Override
                public int take(List<Delivery> deliveries) {
                    var events = deliveries.stream().map(Delivery::event).toList();
                    events.forEach(event -> groupMillis = Math.max(groupMillis, Math.min(began, event.timeMillis())));
                    return items.addAll(events);
                }

                @Override
                public boolean isOver() {
                    return Poll.this.isOver() && !answering;
                }
            });
        }

        private synchronized boolean isOver() {
            return over;
        }

        @Override
        public void deliver(Delivery delivery) {
            if (!asked.options().accepts(delivery.event())) {
                return; // a look would find nothing to answer
            }
            switch (delivery.urgency()) {
                case NOW -> wake();
                case SOON -> wakeLater();
                case LAZY -> {}
            }
        }

        private synchronized void wakeLater() {
            if (wakeTick == 0 && !over) {
                wakeTick = node.heartbeats().now() + asked.options().holdTicks();
                schedule();
            }
        }

        @Override
        public void deliverGroup(Delivery delivery) {
            deliver(delivery);
        }

        @Override
        public void missedGroups(long sinceMillis) {
            groupsChanged = true;
            wake();
        }

        /** Its cursor tells the place in each group. */
        @Override
        public void groupAway(ConversationId conversation, long since) {}

        @Override
        public void groupBack(ConversationId conversation) {}

        /** It reads when it is woken. */
        @Override
        public boolean isFollowingGroups() {
            return false;
        }

        @Override
        public void missed() {
            wake();
        }

        @Override
        public void sessionEnded(SessionId ended) {
            if (LiveFrame.SessionEnded.concerns(ended, session)) {
                blocking.execute(() -> refuse(Fault.UNAUTHENTICATED));
            }
        }

        /** Answers with nothing, as at the end of its time. */
        @Override
        public void sessionPaused(SessionId paused) {
            if (paused.equals(session)) {
                synchronized (this) {
                    timeIsUp = true;
                    resume();
                }
            }
        }

        @Override
        public @Nullable SessionId session() {
            return session;
        }

        @Override
        public boolean isIdle() {
            return asked.options().idle();
        }

        @Override
        public void drainIn(int ticks) {
            endIn(ticks);
        }

        private synchronized void endIn(int ticks) {
            int end = node.heartbeats().now() + ticks;
            endTick = endTick == 0 ? end : Math.min(endTick, end);
            schedule();
        }

        /** The caller holds the monitor. */
        private void schedule() {
            int next = wakeTick == 0 ? endTick : Math.min(wakeTick, endTick);
            node.heartbeats().schedule(this, next - node.heartbeats().now());
        }

        @Override
        synchronized int onTick(int tick) {
            if (tick >= endTick) {
                timeIsUp = true;
                resume();
                return 0;
            }
            if (wakeTick != 0 && tick >= wakeTick) {
                wakeTick = 0;
                wake();
            }
            return over ? 0 : endTick - tick;
        }

        private synchronized void wake() {
            woken = true;
            resume();
        }

        /** The caller holds the monitor. */
        private void resume() {
            if (!running && !over) {
                running = true;
                blocking.execute(() -> guarded(this::goOn));
            }
        }

        private void guarded(Runnable work) {
            try {
                work.run();
            } catch (StoreUnavailable e) {
                LOG.warn("a poll failed: {}", e.getMessage());
                abort(Fault.UNAVAILABLE, e);
            } catch (Rebuilds.Full e) {
                refuse(Fault.OVERLOADED);
            } catch (ClientLeft e) {
                abort(Fault.INTERNAL, e);
            } catch (RuntimeException e) {
                LOG.error("a poll failed", e);
                abort(Fault.INTERNAL, e);
            }
        }

        /** In the middle of an answer only breaking it off tells the client that it is not whole. */
        private void abort(Fault fault, RuntimeException cause) {
            if (answering) {
                http.callback().failed(cause);
            } else {
                refuse(fault);
            }
        }

        private void refuse(Fault fault) {
            if (leave()) {
                http.problems().write(Problem.of(fault), http.request(), http.response(), http.callback());
            }
        }

        /** False when someone else answers already. */
        private boolean leave() {
            synchronized (this) {
                if (over) {
                    return false;
                }
                over = true;
            }
            node.heartbeats().cancel(this);
            node.registry().remove(user, this);
            node.admission().leave(place);
            return true;
        }

        /** The answer's body, on its way. It begins with what it has first: until then somebody else may answer. */
        private final class Items {
            private static final int PART_BYTES = 64 * 1024;
            private final ByteArrayOutputStream part = new ByteArrayOutputStream();
            private boolean begun;
            private boolean mine;
            private int count;

            private void begin() {
                if (begun) {
                    return;
                }
                begun = true;
                mine = leave();
                if (mine) {
                    answering = true;
                    http.response().getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
                }
                part.writeBytes("{\"items\":[".getBytes(UTF_8));
            }

            private void add(byte[] json) {
                begin();
                if (count++ > 0) {
                    part.write(',');
                }
                part.writeBytes(json);
                if (mine && part.size() >= PART_BYTES) {
                    flush();
                }
            }

            /** If it is wanted. */
            void add(EncodedEvent event) {
                if (asked.options().accepts(event)) {
                    add(event.json());
                }
            }

            /** Answers how many there are in all. */
            int addAll(List<EncodedEvent> events) {
                events.forEach(this::add);
                return count;
            }

            /** Whatever came before: the client reloads. */
            boolean end(Resumption.Reset reset) {
                add(node.events().reset(reset.heads()));
                return end(reached(reset.head()));
            }

            /** True: it is answered. */
            boolean end(String lastEventId) {
                begin();
                part.writeBytes(("],\"last_event_id\":\"" + lastEventId + "\"}").getBytes(UTF_8));
                if (mine) {
                    answering = false;
                    node.meters().delivered(count);
                    http.response().write(true, ByteBuffer.wrap(part.toByteArray()), http.callback());
                }
                return true;
            }

            /** Waits for the socket, so that a long answer is never whole in memory. */
            private void flush() {
                try {
                    Content.Sink.write(http.response(), false, ByteBuffer.wrap(part.toByteArray()));
                    part.reset();
                } catch (IOException e) {
                    throw new ClientLeft(e);
                }
            }
        }
    }

    /** The client is gone in the middle of an answer. */
    private static final class ClientLeft extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ClientLeft(IOException cause) {
            super(cause);
        }
    }
}
