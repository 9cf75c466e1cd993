package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.event.EventLog;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides between exact, rebuilt and reset. A resume never lies: what cannot be told without a gap is said to be one. Safe for use by many
 * threads; throws {@link StoreUnavailable} when a store does not answer.
 */
final class Past {
    /** More changes than this are a reset: a client reloads them faster by the page than we send them one by one. */
    static final int CHANGES_MAX = 10_000;

    /** Conversations named by a reset: more than a screen shows. */
    static final int HEADS_MAX = 100;

    /** Committed and published at different moments, by different clocks: so much earlier a rebuild begins. Clients drop what repeats. */
    static final Duration OVERLAP = Duration.ofSeconds(60);

    /** A cursor may be this much ahead of our clock, as nodes' clocks differ; beyond it, it was never ours. */
    private static final Duration CLOCKS_DIFFER = Duration.ofSeconds(60);

    private final Window window;
    private final History history;
    private final InstantSource clock;
    private final Rebuilds rebuilds;
    private final Semaphore reads;

    /**
     * @param history bounds its reads itself
     * @param readsMax reads of {@code window} at once: ten thousand clients that come back together must not empty the pools for everyone else
     */
    Past(Window window, History history, Rebuilds rebuilds, int readsMax, InstantSource clock) {
        this.window = window;
        this.history = history;
        this.rebuilds = rebuilds;
        this.reads = new Semaphore(readsMax, true);
        this.clock = clock;
    }

    /** Where {@code user}'s stream ends now. */
    Cursor head(UserId user) {
        return read(() -> window.head(user));
    }

    /** As {@link #head} of each; null for who is to be asked for alone. */
    List<@Nullable Cursor> heads(List<UserId> users) {
        return read(() -> window.heads(users));
    }

    /** What came after each place; null for who is to be asked for alone. */
    List<@Nullable Page> shortPages(List<EventLog.Place> places, int limit) {
        return read(() -> window.shortPages(places, limit));
    }

    /** The same place, as of now: what was before is not to be told. */
    Cursor now(Cursor head) {
        return head.withTime(Math.max(head.timeMillis(), clock.millis()));
    }

    /** The cursor a client sent; empty where it was never ours. */
    Optional<Cursor> understood(String text) {
        int groups = text.indexOf('~'); // a poll's cursor says more, see GroupReplay
        return Cursor.parse(groups < 0 ? text : text.substring(0, groups)).filter(cursor -> {
            boolean isPosition = cursor.epoch() > 0 || (cursor.epoch() == 0 && cursor.n() == 0);
            return isPosition
                    && Instant.ofEpochMilli(cursor.timeMillis())
                            .isBefore(clock.instant().plus(CLOCKS_DIFFER));
        });
    }

    /**
     * How to go on from {@code cursor}.
     *
     * @param cursor null: it was never ours
     * @param limit most entries of an exact page
     * @param gone whether nobody waits for the answer any more
     * @param beforeHistory done when it is not exact, before history is read
     * @throws Rebuilds.Full when it is to be rebuilt and cannot be now
     */
    Resumption after(UserId user, @Nullable Cursor cursor, int limit, BooleanSupplier gone, Runnable beforeHistory) {
        var page = cursor == null ? Optional.<Page>empty() : read(() -> window.after(user, cursor, limit));
        if (page.isPresent()) {
            return new Resumption.Exact(page.get());
        }
        beforeHistory.run();
        return cursor == null ? reset(user) : rebuilt(user, cursor, gone);
    }

    /** As {@link #after}, when the stream is known not to tell. */
    Resumption rebuilt(UserId user, Cursor cursor, BooleanSupplier gone) {
        var place = rebuilds.enter(gone);
        boolean isUsed = false;
        try {
            // The head first: whatever is committed after it was read comes by the stream.
            var head = now(head(user));
            var since = Instant.ofEpochMilli(Math.max(0, cursor.timeMillis() - OVERLAP.toMillis()));
            var changes = history.since(user, since);
            isUsed = changes.count() <= CHANGES_MAX;
            if (isUsed) {
                return new Resumption.Rebuilt(head, changes, place);
            }
            changes.close();
        } finally {
            if (!isUsed) {
                place.close();
            }
        }
        return reset(user);
    }

    /** The way on that always is. */
    Resumption.Reset reset(UserId user) {
        var head = now(head(user));
        return new Resumption.Reset(head, history.heads(user, HEADS_MAX));
    }

    private <T> T read(Supplier<T> work) {
        reads.acquireUninterruptibly();
        try {
            return work.get();
        } finally {
            reads.release();
        }
    }
}
