package chat.parley.sendapi.retention;

import chat.parley.conversation.Expiry;
import chat.parley.conversation.Expiry.Due;
import chat.parley.conversation.Expiry.Leftover;
import chat.parley.id.ConversationId;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import chat.parley.ops.Rounds;
import chat.parley.outbox.Outbox;
import chat.parley.search.SearchIndex;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Hides messages that are older than the limit of their conversation, all at once, and then removes them from every store, in small steps. Any number of nodes may run
 * one; they take turns. What is left when a process dies is done by the next.
 */
public final class Retention implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofSeconds(10);

    /** A limit for everything is counted in days, and asks for a look at every conversation there is. */
    private static final Duration PAUSE_EVERYWHERE = Duration.ofMinutes(10);

    private static final int CONVERSATIONS_PAGE = 200;

    /** Messages removed in one transaction: some milliseconds, in which their conversation waits. */
    private static final int STEP = 500;

    /** Between two steps, so that removal takes a part of a disk only. */
    private static final Duration STEP_PAUSE = Duration.ofMillis(50);

    private final Expiry expiry;
    private final MessageStore messages;
    private final SearchIndex index;
    private final Outbox outbox;
    private final @Nullable Duration everywhere;
    private final InstantSource clock;
    private final Counter removed;
    private final AtomicLong waiting = new AtomicLong();
    private final Rounds rounds;
    private Instant everywhereAt = Instant.EPOCH;

    /**
     * All stores are closed by the caller, later than this.
     *
     * @param everywhere the limit for all conversations; zero for none
     */
    public Retention(
            Expiry expiry,
            MessageStore messages,
            SearchIndex index,
            Outbox outbox,
            Duration everywhere,
            InstantSource clock,
            MeterRegistry meters) {
        this.expiry = expiry;
        this.messages = messages;
        this.index = index;
        this.outbox = outbox;
        this.everywhere = everywhere.isZero() ? null : everywhere;
        this.clock = clock;
        this.removed = meters.counter("parley.retention.removed");
        meters.gauge("parley.retention.conversations.waiting", waiting);
        this.rounds = new Rounds("retention", PAUSE, () -> expiry.alone(this::pass));
    }

    /** Begins to look. */
    public Retention start() {
        rounds.start();
        return this;
    }

    @Override
    public void close() {
        rounds.close();
    }

    /** One look. */
    void pass() {
        var now = clock.instant();
        boolean all = everywhere != null && !now.isBefore(everywhereAt.plus(PAUSE_EVERYWHERE));
        hide(now, all ? everywhere : null);
        if (all && !isClosing()) {
            everywhereAt = now;
        }
        remove();
    }

    private boolean isClosing() {
        return rounds.isEnding();
    }

    private void hide(Instant now, @Nullable Duration limit) {
        var last = new ConversationId(0);
        List<Due> page;
        do {
            page = expiry.due(limit, last, CONVERSATIONS_PAGE);
            for (var due : page) {
                if (isClosing()) {
                    return;
                }
                hide(due, now);
            }
            last = page.isEmpty() ? last : page.getLast().conversation();
        } while (page.size() == CONVERSATIONS_PAGE);
    }

    private void hide(Due due, Instant now) {
        // A limit for everything holds also where a conversation's own is longer, and is not known to every look.
        var limit = everywhere != null && everywhere.compareTo(due.limit()) < 0 ? everywhere : due.limit();
        var cutoff = now.minus(limit);
        long first = firstKept(due, cutoff);
        var oldest = messages.after(due.conversation(), first - 1, 1).stream()
                .map(Message::createdAt)
                .findFirst()
                .orElse(now);
        if (first > due.firstSeq()) {
            expiry.hide(due.conversation(), first, oldest);
        } else {
            expiry.looked(due, oldest);
        }
    }

    /** The first message that is younger than {@code cutoff}, or the one after the last; times do not go back, so halving finds it. */
    private long firstKept(Due due, Instant cutoff) {
        long low = due.firstSeq();
        long high = due.lastSeq() + 1;
        while (low < high) {
            long middle = low + (high - low) / 2;
            boolean expired = messages.find(due.conversation(), middle)
                    .map(message -> !message.createdAt().isAfter(cutoff))
                    .orElse(true);
            if (expired) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void remove() {
        var last = new ConversationId(0);
        List<Leftover> page;
        do {
            page = expiry.toRemove(last, CONVERSATIONS_PAGE);
            waiting.set(page.size());
            for (var leftover : page) {
                if (!remove(leftover)) {
                    return;
                }
            }
            last = page.isEmpty() ? last : page.getLast().conversation();
        } while (page.size() == CONVERSATIONS_PAGE);
        waiting.set(0);
    }

    /**
     * False when this process ends. The messages go first: as long as they are there, the sweep of the index may bring their words back. What is left of them elsewhere
     * names nothing by then.
     */
    private boolean remove(Leftover leftover) {
        var conversation = leftover.conversation();
        int count;
        do {
            count = messages.removeBefore(conversation, leftover.firstSeq(), STEP);
            removed.increment(count);
            if (!rounds.rest(STEP_PAUSE)) {
                return false;
            }
        } while (count == STEP);
        do {
            count = index.removeBefore(conversation, leftover.firstSeq(), STEP);
            if (!rounds.rest(STEP_PAUSE)) {
                return false;
            }
        } while (count == STEP);
        outbox.deleteMessagesBefore(conversation, leftover.firstSeq());
        expiry.removed(conversation, leftover.firstSeq() - 1);
        return true;
    }
}
