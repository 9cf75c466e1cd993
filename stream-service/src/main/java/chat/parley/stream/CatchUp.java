package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.ops.StoreUnavailable;
import chat.parley.stream.StreamEvents.Resumed;
import java.time.Duration;
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

    CatchUp(Past past) {
        this.past = past;
    }

    /** Brings a stream that just opened to life. */
    void open(Subscriber subscriber, @Nullable String lastEventId) {
        guarded(subscriber, () -> {
            var node = subscriber.node();
            if (!node.registry().add(subscriber.user(), subscriber)) {
                subscriber.endSaying(StreamEvents.BUSY, node.retries().afterDrain(), CloseReason.TOO_MANY);
                return;
            }
            if (subscriber.isOver()) {
                // It ended before it was registered, so nobody else takes it out.
                node.registry().remove(subscriber.user(), subscriber);
                return;
            }
            node.registry().awaitSubscribed(subscriber.user());
            if (lastEventId == null) {
                subscriber.begin(past.head(subscriber.user()));
                ready(subscriber, Resumed.NEW, true);
                goLive(subscriber, true, 0);
            } else {
                Cursor cursor = past.understood(lastEventId).orElse(null);
                if (cursor != null) {
                    subscriber.begin(cursor);
                }
                follow(subscriber, past.after(subscriber.user(), cursor, PAGE, subscriber::isOver), true);
            }
        });
    }

    /** Brings a stream that missed something up to date. */
    void again(Subscriber subscriber) {
        guarded(subscriber, () -> {
            subscriber.beginRead();
            var next = past.after(subscriber.user(), subscriber.position(), PAGE, subscriber::isOver);
            follow(subscriber, next, false);
        });
    }

    private void follow(Subscriber subscriber, Resumption first, boolean opening) {
        boolean saysCaughtUp = opening;
        long sent = 0;
        boolean begins = true;
        var now = first;
        while (true) {
            try (var told = now) {
                if (begins) {
                    begin(subscriber, kind(told), opening);
                    begins = false;
                }
                sent += replay(subscriber, told);
            }
            saysCaughtUp |= now instanceof Resumption.Rebuilt;
            boolean more = now instanceof Resumption.Exact exact && exact.page().more();
            if (subscriber.isOver() || (!more && goLive(subscriber, saysCaughtUp, sent))) {
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

    private Resumption next(Subscriber subscriber) {
        boolean owed = subscriber.beginRead();
        var position = subscriber.position();
        var next = past.after(subscriber.user(), position, PAGE, subscriber::isOver);
        // A frame was published and the stream does not have it: then it is not the stream it was.
        boolean isMissing = owed
                && next instanceof Resumption.Exact exact
                && exact.page().reached().equals(position);
        return isMissing ? past.rebuilt(subscriber.user(), position, subscriber::isOver) : next;
    }

    private long replay(Subscriber subscriber, Resumption resumption) {
        return switch (resumption) {
            case Resumption.Exact exact -> subscriber.replay(exact.page());
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
            var told = part;
            sent += place.toClient(() -> subscriber.replay(told));
            if (place.givesWay()) {
                rebuilt.close();
                return sent + replay(subscriber, past.reset(subscriber.user()));
            }
        }
        subscriber.begin(rebuilt.head());
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
