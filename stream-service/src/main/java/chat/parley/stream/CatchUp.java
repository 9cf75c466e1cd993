package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.event.GroupLog.Place;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.stream.StreamEvents.Resumed;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Register, replay, go live: the only order in which a resuming client loses nothing. The same path serves a stream that just opened and one
 * that missed a frame. Blocks; run it on a virtual thread.
 */
final class CatchUp {
    /** Entries of one read. Long messages are whole in it, so it bounds the memory of a replay: at most 100 of 40 KB, mostly 40 KB in all. */
    static final int PAGE = 100;

    private static final Logger LOG = LoggerFactory.getLogger(CatchUp.class);

    /** A store that was away is mostly back by then. */
    private static final Duration UNAVAILABLE_LEAST = Duration.ofSeconds(2);

    private static final Duration UNAVAILABLE_MOST = Duration.ofSeconds(10);

    private final Past past;
    private final Followed groups;

    /** The large groups of people who listen here. */
    @FunctionalInterface
    interface Followed {
        /**
         * Those of {@code user}, to be read.
         *
         * @param live whether they are followed from now on, as somebody listens
         */
        GroupReplay of(UserId user, boolean live);
    }

    CatchUp(Past past, Followed groups) {
        this.past = past;
        this.groups = groups;
    }

    /** Lets the user's frames come; does not block. False when the stream is over, or ends with the answer. */
    boolean register(Subscriber subscriber) {
        var registry = subscriber.node().registry();
        if (!registry.add(subscriber.user(), subscriber)) {
            subscriber.endSaying(StreamEvents.BUSY, subscriber.node().retries().afterDrain(), CloseReason.TOO_MANY);
            return false;
        }
        if (subscriber.isOver()) {
            // It ended before it was registered, so nobody else takes it out.
            registry.remove(subscriber.user(), subscriber);
            return false;
        }
        return true;
    }

    /** Brings a stream to life that was registered just now, and answers its request first of all. */
    void open(Subscriber subscriber, @Nullable String lastEventId) {
        subscriber.answer();
        guarded(subscriber, () -> {
            subscriber.node().registry().awaitSubscribed(subscriber.user());
            var replay = groups.of(subscriber.user(), true);
            if (lastEventId == null) {
                var head = past.head(subscriber.user());
                subscriber.begin(replay.isEmpty() ? head : past.now(head));
                ready(subscriber, Resumed.NEW, true);
                follow(subscriber, null, new Large(replay.fromEnds(), 0), Telling.OPENING);
                return;
            }
            Cursor cursor = past.understood(lastEventId).orElse(null);
            if (cursor != null) {
                subscriber.begin(cursor);
            }
            // What history tells, it tells of large groups too.
            var ends = new GroupReplay(replay);
            var first = past.after(subscriber.user(), cursor, PAGE, subscriber::isOver, ends::fromEnds);
            boolean isExact = first instanceof Resumption.Exact;
            if (isExact && cursor != null && !replay.isEmpty()) {
                subscriber.oweGroups(cursor.timeMillis());
            }
            var large = new Large(isExact ? replay : ends, cursor == null ? 0 : Math.max(1, cursor.timeMillis()));
            follow(subscriber, first, large, Telling.OPENING);
        });
    }

    /**
     * As {@link #open}, of a stream that tells of no large group, and of which all is known that would have to be read. Does not block, and leaves the
     * answer to the caller.
     *
     * @param page what comes after {@code position}; null where the stream begins there
     * @return null where it is live; else something came meanwhile, and {@link #goOn} reads it
     */
    @Nullable
    Rest openAt(Subscriber subscriber, Cursor position, @Nullable Page page) {
        subscriber.begin(position);
        long sent = 0;
        if (page == null) {
            ready(subscriber, Resumed.NEW, true);
        } else {
            begin(subscriber, Resumed.EXACT, true);
            sent = replay(subscriber, new Resumption.Exact(page));
        }
        boolean isDone = subscriber.isOver() || (subscriber.followGroups() && goLive(subscriber, true, sent));
        return isDone ? null : new Rest(position.timeMillis(), sent);
    }

    /** What is left of a beginning: what came after {@code sinceMillis}, and {@code sent} events were told. */
    record Rest(long sinceMillis, long sent) {}

    /** Brings the rest of a stream to life that was begun by {@link #openAt}. */
    void goOn(Subscriber subscriber, Rest rest) {
        subscriber.answer();
        guarded(subscriber, () -> {
            var large = new Large(GroupReplay.NONE, Math.max(1, rest.sinceMillis));
            follow(subscriber, next(subscriber), large, new Telling(false, true, rest.sent));
        });
    }

    /** Ends a stream that could not begin because a store is away. */
    void giveUp(Subscriber subscriber, StoreUnavailable why) {
        guarded(subscriber, () -> {
            throw why;
        });
    }

    /** Brings a stream that missed something up to date. */
    void again(Subscriber subscriber) {
        guarded(subscriber, () -> {
            subscriber.beginRead();
            var next = after(subscriber);
            follow(subscriber, next, new Large(null, 0), new Telling(true, false, 0));
        });
    }

    /** The part of a replay that concerns large groups. */
    private final class Large {
        private @Nullable GroupReplay replay;
        private long sinceMillis;

        /** @param replay null: made when it is needed, for what was missed since the stream says so */
        Large(@Nullable GroupReplay replay, long sinceMillis) {
            this.replay = replay;
            this.sinceMillis = sinceMillis;
        }

        /** Reads until nothing came meanwhile; nothing where the stream has them as they come. */
        long tell(Subscriber subscriber) {
            if (subscriber.isFollowingGroups()) {
                return 0;
            }
            long sent = 0;
            do {
                // Asked for each time: the person may have come into another group meanwhile.
                long missed = subscriber.groupsMissedSince();
                var reads = replay;
                if (reads == null || missed != 0) {
                    var known = reads == null ? Map.<ConversationId, Place>of() : reads.places();
                    reads = groups.of(subscriber.user(), true).from(known);
                    replay = reads;
                }
                boolean isEarlier = missed != 0 && (sinceMillis == 0 || missed < sinceMillis);
                sinceMillis = isEarlier ? missed : sinceMillis;
                sent += reads.read(sinceMillis - Past.OVERLAP.toMillis(), GroupReplay.into(subscriber));
                if (reads.isTooMuch()) {
                    replay = new GroupReplay(reads).fromEnds();
                    sent += CatchUp.this.replay(subscriber, past.reset(subscriber.user()));
                }
            } while (!subscriber.isOver() && !subscriber.followGroups());
            replay = null;
            sinceMillis = 0;
            return sent;
        }
    }

    /**
     * What the client hears beside the events.
     *
     * @param begins whether it is yet to be told how the stream goes on
     * @param opening whether it waits to hear that it is live
     * @param sent events told already
     */
    private record Telling(boolean begins, boolean opening, long sent) {
        private static final Telling OPENING = new Telling(true, true, 0);
    }

    /** @param first null: there is nothing to replay */
    private void follow(Subscriber subscriber, @Nullable Resumption first, Large large, Telling telling) {
        boolean says = telling.opening;
        long sent = telling.sent;
        boolean begins = telling.begins && first != null;
        var now = first;
        while (true) {
            boolean more = false;
            if (now != null) {
                try (var told = now) {
                    if (begins) {
                        begin(subscriber, kind(told), telling.opening);
                        begins = false;
                    }
                    sent += replay(subscriber, told);
                }
                says |= now instanceof Resumption.Rebuilt;
                more = now instanceof Resumption.Exact exact && exact.page().more();
            }
            if (!more && !subscriber.isOver()) {
                sent += large.tell(subscriber);
            }
            if (subscriber.isOver() || (!more && goLive(subscriber, says, sent))) {
                return;
            }
            now = next(subscriber);
        }
    }

    private void begin(Subscriber subscriber, Resumed kind, boolean opening) {
        if (opening) {
            ready(subscriber, kind, false);
        }
        subscriber.node().meters().replay(kind);
    }

    private Resumption after(Subscriber subscriber) {
        return past.after(subscriber.user(), subscriber.position(), PAGE, subscriber::isOver, () -> {});
    }

    private Resumption next(Subscriber subscriber) {
        boolean owed = subscriber.beginRead();
        var position = subscriber.position();
        var next = after(subscriber);
        // A frame was published and the stream does not have it: then it is not the stream it was.
        boolean isMissing = owed
                && next instanceof Resumption.Exact exact
                && exact.page().reached().equals(position);
        return isMissing ? past.rebuilt(subscriber.user(), position, subscriber::isOver) : next;
    }

    private long replay(Subscriber subscriber, Resumption resumption) {
        return switch (resumption) {
            case Resumption.Exact exact -> {
                for (var entry : exact.page().entries()) {
                    subscriber.node().registry().heard(subscriber.user(), entry.event());
                }
                yield subscriber.replay(exact.page());
            }
            case Resumption.Rebuilt rebuilt -> replay(subscriber, rebuilt);
            case Resumption.Reset reset -> {
                subscriber.begin(reset.head());
                var events = subscriber.node().events();
                subscriber.say(StreamEvents.RESET, events.reset(reset.heads()), true);
                yield 0;
            }
        };
    }

    private long replay(Subscriber subscriber, Resumption.Rebuilt rebuilt) {
        var place = rebuilt.place();
        long sent = 0;
        for (var part = rebuilt.next(); !part.isEmpty() && !subscriber.isOver(); part = rebuilt.next()) {
            sent += place.toClient(part, subscriber::replay);
            if (place.gaveWay()) {
                rebuilt.close();
                return sent + replay(subscriber, past.reset(subscriber.user()));
            }
        }
        subscriber.begin(rebuilt.head());
        subscriber.node().registry().heardAnything(subscriber.user());
        return sent;
    }

    private void ready(Subscriber subscriber, Resumed kind, boolean withId) {
        var node = subscriber.node();
        byte[] json =
                node.events().ready(kind, (int) subscriber.options().heartbeat().toSeconds());
        subscriber.say(StreamEvents.READY, json, withId);
        if (kind == Resumed.NEW) {
            node.meters().replay(kind);
        }
    }

    private boolean goLive(Subscriber subscriber, boolean says, long sent) {
        return subscriber.goLive(says ? subscriber.node().events().caughtUp(sent) : null);
    }

    private static Resumed kind(Resumption resumption) {
        return switch (resumption) {
            case Resumption.Exact unused -> Resumed.EXACT;
            case Resumption.Rebuilt unused -> Resumed.REBUILT;
            case Resumption.Reset unused -> Resumed.RESET;
        };
    }

    private void guarded(Subscriber subscriber, Runnable work) {
        try {
            work.run();
        } catch (StoreUnavailable e) {
            LOG.warn("a stream waits for {}, its client shall come back", e.store());
            var wait = subscriber.node().retries().between(UNAVAILABLE_LEAST, UNAVAILABLE_MOST);
            subscriber.endSaying(StreamEvents.BUSY, wait, CloseReason.UNAVAILABLE);
        } catch (Rebuilds.Full e) {
            // As after a node left: many come back, and must not do it together.
            subscriber.endSaying(
                    StreamEvents.BUSY, subscriber.node().retries().afterDrain(), CloseReason.REBUILDS_FULL);
        } catch (RuntimeException e) {
            LOG.error("a stream could not be brought up to date", e);
            subscriber.end(CloseReason.FAILED);
        }
    }
}
