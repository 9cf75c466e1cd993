package chat.parley.event;

import chat.parley.event.PublishOutcome.Published;
import chat.parley.event.PublishOutcome.Unpublished;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/**
 * The way to one server: one thread, one connection, which publishes whatever was handed in while the last batch was under way as one pipeline. While the server is
 * away everything is answered {@link Unpublished} at once, so sends stay fast and other servers' lanes are not held up; a probe finds out when it is back.
 */
final class PublishLane implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PublishLane.class);

    /** Longest queue. A full one means that Redis is slower than the sends: the relay takes over. About 1 KB each. */
    private static final int QUEUE_MAX = 20_000;

    /** With more waiting, what is not stored is dropped: sends come first. */
    private static final int QUEUE_BUSY = QUEUE_MAX / 2;

    /** Most entries of one pipeline, more or less: some 20 ms of Redis, within which the first waits for the last. */
    private static final int BATCH_ENTRIES = 4_000;

    /** Most streams of one run of the script: 0.6 ms, in which Redis serves nobody else. */
    private static final int KEYS_MAX = 100;

    private static final long PROBE_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long IDLE_MILLIS = 200;
    private static final long CLOSE_LIMIT_MILLIS = 3_000;

    private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final Redis redis;
    private final HostAndPort server;
    private final StreamTag tag;
    private final Routes routes;
    private final int keysMax;
    private final Thread thread;
    private @Nullable PublishConnection connection;
    private volatile boolean away;
    private volatile boolean closing;

    /** What a lane asks of who owns it. */
    interface Routes {
        /** Hands what the server does not hold to the one that does; completes the parts whatever happens. */
        void redirect(Waiting part, JedisRedirectionException where);

        /** The server holds nothing any more: the lane ends. */
        void retire(PublishLane lane);
    }

    /**
     * A publication to people of one server.
     *
     * @param asking whether their slot is on its way to the server
     * @param redirections how often it came to a wrong server
     * @param done told the first outcome and no other; must be short
     */
    record Waiting(Publication publication, boolean asking, int redirections, Consumer<PublishOutcome> done) {
        Waiting {
            done = once(done);
        }

        private static Consumer<PublishOutcome> once(Consumer<PublishOutcome> done) {
            var isTold = new AtomicBoolean();
            return outcome -> {
                if (isTold.compareAndSet(false, true)) {
                    done.accept(outcome);
                }
            };
        }

        boolean isLive() {
            return publication.mode() == Publication.Mode.LIVE_ONLY;
        }

        void refuse() {
            done.accept(new Unpublished());
        }
    }

    PublishLane(Redis redis, HostAndPort server, StreamTag tag, Routes routes) {
        this.redis = redis;
        this.server = server;
        this.tag = tag;
        this.routes = routes;
        // In a cluster almost every person's keys are in a slot of their own, and a script may touch those of one slot.
        this.keysMax = redis.isCluster() ? 1 : KEYS_MAX;
        this.thread = Thread.ofPlatform()
                .name(redis.isCluster() ? "publisher " + server : "publisher")
                .daemon()
                .unstarted(this::run);
    }

    PublishLane start() {
        thread.start();
        return this;
    }

    HostAndPort server() {
        return server;
    }

    /** Returns at once. */
    void handIn(Waiting waiting) {
        if (away || closing || !queue.offer(waiting)) {
            waiting.refuse();
        } else if (away || closing) {
            // The thread may have emptied the queue just before this one came in; nobody may wait for ever.
            refuseAll();
        }
    }

    int waiting() {
        return queue.size();
    }

    boolean isAway() {
        return away;
    }

    /** Whether the server is away or slower than what is handed in. */
    boolean isBusy() {
        return away || closing || queue.size() > QUEUE_BUSY;
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join(CLOSE_LIMIT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        refuseAll();
    }

    private void run() {
        var batch = new ArrayList<Waiting>();
        try {
            while (!closing || !queue.isEmpty()) {
                if (away) {
                    waitUntilBack();
                }
                var next = queue.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
                int entries = 0;
                while (next != null) {
                    batch.add(next);
                    entries += Math.max(1, next.publication.recipients().size());
                    next = entries < BATCH_ENTRIES ? queue.poll() : null;
                }
                if (batch.isEmpty()) {
                    retireIfReplaced();
                } else {
                    publish(batch);
                    batch.clear();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) { // also what is no RuntimeException, for example too little memory
            LOG.error("the publisher to Redis at {} died; the next publication starts another", server, e);
            closing = true;
            routes.retire(this);
            throw e;
        } finally {
            // Whatever ended it, nobody may be left waiting for a thread that is gone.
            closing = true;
            batch.forEach(Waiting::refuse);
            refuseAll();
            disconnect();
        }
    }

    private void publish(List<Waiting> batch) {
        List<PublishBatch.Outcome> outcomes;
        try {
            var runs = new PublishBatch(batch, keysMax);
            var replies = connected().run(runs.calls());
            outcomes = runs.outcomes(replies, tag.newest(server));
        } catch (StoreUnavailable | JedisException e) {
            LOG.warn("Redis at {} is away, the relay will publish: {}", server, e.toString());
            away = true;
            disconnect();
            redis.lookAgain();
            batch.forEach(Waiting::refuse);
            refuseAll();
            return;
        } catch (RuntimeException e) {
            LOG.error("a publication failed for a reason of ours", e);
            disconnect();
            batch.forEach(Waiting::refuse);
            return;
        }
        outcomes.forEach(this::complete);
    }

    private void complete(PublishBatch.Outcome outcome) {
        var waiting = outcome.waiting();
        var refusal = outcome.refusal();
        if (refusal instanceof JedisRedirectionException where) {
            routes.redirect(waiting, where); // a large group, which is held by one server
        } else if (refusal != null) {
            // Full memory, still loading, a replica now: one word of it tells which; there is nothing else in it.
            LOG.warn("Redis refused a publication: {}", refusal);
            redis.lookAgain();
            waiting.refuse();
        } else if (outcome.elsewhere().isEmpty()) {
            waiting.done.accept(new Published(outcome.toWake()));
        } else {
            redirect(waiting, new Published(outcome.toWake()), outcome.elsewhere());
        }
    }

    /** What the server refused was not carried out, so it may be repeated where it belongs. */
    private void redirect(Waiting waiting, Published here, Map<UserId, JedisRedirectionException> elsewhere) {
        var parts = new PublicationParts(waiting.publication, elsewhere.size() + 1, waiting.done);
        parts.done(here);
        elsewhere.forEach((user, where) -> routes.redirect(
                new Waiting(waiting.publication.to(List.of(user)), false, waiting.redirections, parts::done), where));
    }

    private PublishConnection connected() {
        if (connection == null) {
            tag.read(server);
            connection = PublishConnection.open(redis, server);
        }
        return connection;
    }

    private void waitUntilBack() {
        while (away && !closing) {
            try {
                connected();
                away = false;
                LOG.info("Redis at {} is back", server);
            } catch (StoreUnavailable | JedisException e) {
                LOG.debug("Redis is still away", e);
                retireIfReplaced();
                LockSupport.parkNanos(PROBE_PAUSE_NANOS);
            }
        }
    }

    private void disconnect() {
        if (connection != null) {
            try {
                connection.close();
            } catch (JedisException e) {
                LOG.debug("closing a broken connection", e);
            }
            connection = null;
        }
    }

    private void refuseAll() {
        for (var waiting = queue.poll(); waiting != null; waiting = queue.poll()) {
            waiting.refuse();
        }
    }

    /** After a failover, or when the server gave all its slots away. */
    private void retireIfReplaced() {
        var holders = redis.holders();
        if (!closing && !holders.isEmpty() && !holders.contains(server)) {
            closing = true;
            routes.retire(this);
            refuseAll();
        }
    }
}
