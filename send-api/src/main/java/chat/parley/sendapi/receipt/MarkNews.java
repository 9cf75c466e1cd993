package chat.parley.sendapi.receipt;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.MembersMarks;
import chat.parley.event.ChatEvent;
import chat.parley.event.EventLog;
import chat.parley.event.Publication;
import chat.parley.event.PublishOutcome.Published;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.Outbox;
import chat.parley.receipt.Advance;
import chat.parley.receipt.Marks;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of marks that moved, each member's once in a window with its last value: someone who scrolls moves a mark many times a second, and
 * only the end matters. One thread tells, in the order of time. Whatever fails leaves the outbox rows, and the relay tells it.
 */
public final class MarkNews implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MarkNews.class);

    /** How long moves are gathered. Below what a person notices, and far below the 2 s after which the relay takes over. */
    private static final Duration WINDOW = Duration.ofMillis(250);

    /** Most members whose moves are gathered; some 300 bytes each. Further ones are the relay's. */
    private static final int PENDING_MAX = 20_000;

    /** Rows of one member in one window. More than this moves so fast that the relay may delete some. */
    private static final int ROWS_MAX = 1_000;

    private static final long CLOSE_LIMIT_MILLIS = 3_000;

    private final Conversations conversations;
    private final EventLog events;
    private final Outbox outbox;
    private final ClearedPushes cleared;
    private final Counter coalesced;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition ending = lock.newCondition();
    private final Thread thread;
    private Map<Who, Pending> pending = new HashMap<>();
    private boolean closing;

    /** All stores are closed by the caller, later than this. */
    public MarkNews(
            Conversations conversations, EventLog events, Outbox outbox, ClearedPushes cleared, MeterRegistry meters) {
        this.conversations = conversations;
        this.events = events;
        this.outbox = outbox;
        this.cleared = cleared;
        this.coalesced = meters.counter("parley.marks.coalesced");
        this.thread = Thread.ofPlatform().name("mark-news").daemon().start(this::run);
    }

    private record Who(ConversationId conversation, UserId user) {}

    /** What moved of one member in one window. */
    private static final class Pending {
        private final Marks before;
        private final List<Long> rows = new ArrayList<>(1);
        private Advance last;

        Pending(Advance first) {
            before = first.before();
            last = first;
            rows.add(first.outboxId());
        }
    }

    /** Takes note and returns at once. */
    public void moved(Advance advance) {
        lock.lock();
        try {
            var who = new Who(advance.conversation(), advance.user());
            var known = pending.get(who);
            if (known != null) {
                coalesced.increment();
                known.last = advance;
                if (known.rows.size() < ROWS_MAX) {
                    known.rows.add(advance.outboxId());
                }
            } else if (pending.size() < PENDING_MAX) {
                pending.put(who, new Pending(advance));
                arrived.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Tells what is left, at once. */
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            arrived.signal();
            ending.signal();
        } finally {
            lock.unlock();
        }
        try {
            thread.join(CLOSE_LIMIT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            for (var moves = take(); !moves.isEmpty(); moves = take()) {
                for (var move : moves) {
                    tell(move);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Everything of one window; empty only at the end. */
    private Collection<Pending> take() throws InterruptedException {
        lock.lock();
        try {
            while (pending.isEmpty() && !closing) {
                arrived.await();
            }
            long left = WINDOW.toNanos();
            while (left > 0 && !closing) {
                left = ending.awaitNanos(left);
            }
            var taken = pending.values();
            pending = new HashMap<>();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private void tell(Pending move) {
        try {
            var last = move.last;
            var audience = audience(last);
            var told = new ArrayList<CompletableFuture<Boolean>>();
            for (var event : events(move.before, last)) {
                told.add(events.submit(Publication.first(event, audience)).thenApply(Published.class::isInstance));
            }
            var all = CompletableFuture.allOf(told.toArray(CompletableFuture[]::new))
                    .thenRun(() -> {
                        if (told.stream().allMatch(CompletableFuture::join)) {
                            outbox.done(move.rows);
                        }
                    });
            assert all != null;
            if (last.now().readSeq() > move.before.readSeq()) {
                cleared.read(last);
            }
        } catch (StoreUnavailable e) {
            LOG.warn("marks in {} are told by the relay: {}", move.last.conversation(), e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("marks in {} could not be told and are left to the relay", move.last.conversation(), e);
        }
    }

    /** Reading implies receiving, so one event tells of both where they stand at the same message. */
    private static List<ChatEvent> events(Marks before, Advance last) {
        var now = last.now();
        var moved = new ArrayList<ChatEvent>(2);
        if (now.readSeq() > before.readSeq()) {
            moved.add(new ChatEvent.ReadAdvanced(last.conversation(), last.user(), now.readSeq(), last.at()));
        }
        if (now.deliveredSeq() > Math.max(before.deliveredSeq(), now.readSeq())) {
            moved.add(new ChatEvent.DeliveredAdvanced(last.conversation(), last.user(), now.deliveredSeq(), last.at()));
        }
        return moved;
    }

    /** The members, or the reader alone; nobody who was no longer a member when the mark was stored. */
    private Collection<UserId> audience(Advance advance) {
        if (advance.memberCount() > MembersMarks.TOLD_MEMBERS_MAX) {
            return Set.of(advance.user());
        }
        return conversations
                .roster(advance.conversation())
                .filter(cached -> cached.version() >= advance.membersVersion())
                .or(() -> conversations.freshRoster(advance.conversation()))
                .map(roster -> roster.large()
                        ? Set.of(advance.user())
                        : roster.members().keySet())
                .orElse(Set.of());
    }
}
