package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.PublishConnection.Call;
import chat.parley.event.PublishConnection.Script;
import chat.parley.event.PublishOutcome.Published;
import chat.parley.event.PublishOutcome.ToWake;
import chat.parley.event.PublishOutcome.Unpublished;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * One thread, one connection: publishes whatever was handed in while the last batch was under way as one pipeline. While Redis is away
 * everything is answered {@link Unpublished} at once, so sends stay fast; a probe finds out when it is back.
 */
final class Publisher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);

    /** Longest queue. A full one means that Redis is slower than the sends: the relay takes over. About 1 KB each. */
    private static final int QUEUE_MAX = 20_000;

    /** With more waiting, what is not stored is dropped: sends come first. */
    private static final int QUEUE_BUSY = QUEUE_MAX / 2;

    /** Most entries of one pipeline, more or less: some 20 ms of Redis, within which the first waits for the last. */
    private static final int BATCH_ENTRIES = 4_000;

    /** Most streams of one run of the script: 0.6 ms, in which Redis serves nobody else. */
    private static final int KEYS_MAX = 100;

    /** Events up to this size stand whole in every stream; longer ones once in history. */
    private static final int WHOLE_BYTES_MAX = 1_024;

    private static final long PROBE_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long IDLE_MILLIS = 200;
    private static final long CLOSE_LIMIT_MILLIS = 3_000;
    private static final byte[] NOTHING = {};

    private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final Redis redis;
    private final StreamTag tag;
    private final Counter published;
    private final Counter unpublished;
    private final Counter live;
    private final Counter dropped;
    private final Thread thread;
    private @Nullable PublishConnection connection;
    private volatile boolean away;
    private volatile boolean closing;

    private record Waiting(Publication publication, CompletableFuture<PublishOutcome> result) {
        boolean isLive() {
            return publication.mode() == Publication.Mode.LIVE_ONLY;
        }
    }

    Publisher(Redis redis, StreamTag tag, MeterRegistry meters) {
        this.redis = redis;
        this.tag = tag;
        this.published = meters.counter("parley.publications", "outcome", "published");
        this.unpublished = meters.counter("parley.publications", "outcome", "unpublished");
        this.live = meters.counter("parley.publications", "outcome", "live");
        this.dropped = meters.counter("parley.publications", "outcome", "dropped");
        meters.gauge("parley.publications.waiting", queue, BlockingQueue::size);
        this.thread = Thread.ofPlatform().name("publisher").daemon().start(this::run);
    }

    CompletableFuture<PublishOutcome> submit(Publication publication) {
        var waiting = new Waiting(publication, new CompletableFuture<>());
        handIn(waiting);
        return waiting.result;
    }

    /** Returns at once. False when it was dropped: Redis is away, or others wait. */
    boolean submitLive(Publication publication) {
        if (isBusy()) {
            dropped.increment();
            return false;
        }
        handIn(new Waiting(publication, new CompletableFuture<>()));
        return true;
    }

    private void handIn(Waiting waiting) {
        if (waiting.publication.isVoid()) {
            waiting.result.complete(new Published(List.of()));
        } else if (away || closing || !queue.offer(waiting)) {
            refuse(waiting);
        } else if (away || closing) {
            // The thread may have emptied the queue just before this one came in; nobody may wait for ever.
            refuseAll();
        }
    }

    /** Whether Redis is away or slower than what is handed in. */
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
                    entries += next.publication.recipients().size();
                    next = entries < BATCH_ENTRIES ? queue.poll() : null;
                }
                if (!batch.isEmpty()) {
                    publish(batch);
                    batch.clear();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            disconnect();
        }
    }

    private void publish(List<Waiting> batch) {
        List<Object> replies;
        try {
            var calls = new ArrayList<Call>(batch.size());
            batch.forEach(waiting -> addCalls(waiting.publication, calls));
            replies = connected().run(calls);
        } catch (StoreUnavailable | JedisException e) {
            LOG.warn("Redis is away, the relay will publish: {}", e.toString());
            away = true;
            disconnect();
            batch.forEach(waiting -> refuse(waiting));
            refuseAll();
            return;
        } catch (RuntimeException e) {
            LOG.error("a publication failed for a reason of ours", e);
            disconnect();
            batch.forEach(waiting -> refuse(waiting));
            return;
        }
        int next = 0;
        for (var waiting : batch) {
            int calls = calls(waiting.publication);
            complete(waiting, replies.subList(next, next + calls));
            next += calls;
        }
    }

    private void complete(Waiting waiting, List<Object> replies) {
        if (waiting.isLive()) {
            live.increment();
            waiting.result.complete(new Published(List.of()));
            return;
        }
        var toWake = new ArrayList<ToWake>();
        boolean isGroup = waiting.publication.group() != null;
        var recipients = waiting.publication.recipients().iterator();
        for (var reply : replies) {
            if (!(reply instanceof List<?> answers)) {
                // Full memory, still loading, a replica now: one word of it tells which; there is nothing else in it.
                LOG.warn("Redis refused a publication: {}", reply);
                refuse(waiting);
                return;
            }
            for (var answer : isGroup ? List.of() : answers) {
                var user = recipients.next();
                if (answer instanceof byte[] id) {
                    toWake.add(toWake(user, id, waiting.publication.event().timeMillis()));
                }
            }
        }
        published.increment();
        waiting.result.complete(new Published(toWake));
    }

    private ToWake toWake(UserId user, byte[] answer, long timeMillis) {
        boolean before = answer[0] == '=';
        int start = before ? 1 : 0;
        boolean connected = answer[start] == '+';
        start += connected ? 1 : 0;
        String id = new String(answer, start, answer.length - start, ISO_8859_1);
        int dash = id.indexOf('-');
        long epochMillis = Long.parseLong(id, 0, dash, 10);
        long n = Long.parseLong(id, dash + 1, id.length(), 10);
        // A millisecond before: whoever rebuilds from there must find the event itself.
        var resumeFrom = new Cursor(epochMillis, n - 1, timeMillis - 1, tag.newest());
        return new ToWake(user, resumeFrom, before, connected);
    }

    private static void addCalls(Publication publication, List<Call> calls) {
        switch (publication.mode()) {
            case LIVE_ONLY -> addLive(publication, calls);
            case FIRST, REPEAT -> addStored(publication, calls);
        }
    }

    private static void addLive(Publication publication, List<Call> calls) {
        byte[] frame = LiveFrames.encode(new LiveFrame.Ephemeral(publication.event()));
        var channels = publication.recipients().stream()
                .map(user -> RedisKeys.live(user).getBytes(ISO_8859_1))
                .toList();
        for (var some : chunks(channels)) {
            calls.add(new Call(Script.LIVE, some, List.of(frame)));
        }
    }

    private static void addStored(Publication publication, List<Call> calls) {
        var event = publication.event();
        byte[] whole = LiveFrames.encode(event);
        boolean isSmall = event.json().length <= WHOLE_BYTES_MAX && publication.storedWhole();
        boolean byReference = !isSmall && References.canResolve(event);
        byte[] value = byReference
                ? LiveFrames.encode(new EncodedEvent(event.type(), event.key(), event.timeMillis(), NOTHING))
                : whole;
        boolean repeat = publication.mode() == Publication.Mode.REPEAT;
        byte[] wanted = repeat ? event.key().getBytes(ISO_8859_1) : NOTHING;
        byte[] time = repeat ? Long.toString(event.timeMillis()).getBytes(ISO_8859_1) : NOTHING;
        var group = publication.group();
        if (group != null) {
            var key = RedisKeys.group(group.conversation()).getBytes(ISO_8859_1);
            byte[] departed = Long.toString(group.departedMillis()).getBytes(ISO_8859_1);
            var asked = List.of(value, byReference ? whole : NOTHING, wanted, time, departed);
            calls.add(new Call(Script.GROUP, List.of(key), asked));
            return;
        }
        var keys = new ArrayList<byte[]>();
        for (var user : publication.recipients()) {
            keys.add(RedisKeys.stream(user).getBytes(ISO_8859_1));
        }
        var arguments = List.of(value, byReference ? whole : NOTHING, wanted, time);
        for (var some : chunks(keys)) {
            calls.add(new Call(Script.STORED, some, arguments));
        }
    }

    private static List<List<byte[]>> chunks(List<byte[]> keys) {
        var chunks = new ArrayList<List<byte[]>>();
        for (int from = 0; from < keys.size(); from += KEYS_MAX) {
            chunks.add(keys.subList(from, Math.min(from + KEYS_MAX, keys.size())));
        }
        return chunks;
    }

    private static int calls(Publication publication) {
        int recipients = publication.group() == null ? publication.recipients().size() : 1;
        return (recipients + KEYS_MAX - 1) / KEYS_MAX;
    }

    private PublishConnection connected() {
        if (connection == null) {
            tag.read();
            connection = PublishConnection.open(redis);
        }
        return connection;
    }

    private void waitUntilBack() {
        while (away && !closing) {
            try {
                connected();
                away = false;
                LOG.info("Redis is back");
            } catch (StoreUnavailable | JedisException e) {
                LOG.debug("Redis is still away", e);
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
            refuse(waiting);
        }
    }

    private void refuse(Waiting waiting) {
        (waiting.isLive() ? dropped : unpublished).increment();
        waiting.result.complete(new Unpublished());
    }
}
