package chat.parley.stream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.redis.SubscribingConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The life of one connection of a {@link ServerFeed}. One thread reads and hands frames on; another writes the wishes, many at once. Wishes are confirmed in
 * the order they were written; in a cluster one may be refused instead, and a channel whose slot moves away is unsubscribed without a wish.
 */
final class FeedConnection {
    private static final Logger LOG = LoggerFactory.getLogger(FeedConnection.class);

    /** Channels of one command: some 10 KB, so that Redis serves others in between. */
    private static final int BATCH = 500;

    /** How often the connection is asked for a sign of life, and the tag is read. */
    private static final Duration CHECK_EVERY = Duration.ofSeconds(2);

    /** A connection without a sign of life for so long is given up: a silent one would be waited on for ever. */
    static final Duration SILENCE_MAX = Duration.ofSeconds(6);

    private final ServerFeed feed;
    private final Redis redis;
    private final SubscribingConnection connection;
    private final SubscriberRegistry registry;
    private final StreamMeters meters;
    private final LinkedBlockingQueue<Wish> wishes = new LinkedBlockingQueue<>();
    /** Written and not yet answered, in order. */
    private final ArrayDeque<Wish> written = new ArrayDeque<>();

    private final Thread writer = Thread.ofVirtual().name("live-feed-writer").unstarted(this::write);
    private boolean isAlive; // of the reader
    private volatile long askedNanos;
    private volatile boolean stopped;

    /** @param channel null for the keeper, which is a sign of life */
    private record Wish(boolean subscribes, @Nullable Channel channel) {}

    FeedConnection(
            ServerFeed feed,
            Redis redis,
            SubscribingConnection connection,
            SubscriberRegistry registry,
            StreamMeters meters) {
        this.feed = feed;
        this.redis = redis;
        this.connection = connection;
        this.registry = registry;
        this.meters = meters;
    }

    void subscribe(Channel channel) {
        wishes.add(new Wish(true, channel));
    }

    void unsubscribe(Channel channel) {
        wishes.add(new Wish(false, channel));
    }

    // ---- the reader

    /** Reads until the connection breaks. */
    void read() {
        subscribeKeeper();
        while (!stopped) {
            Object reply;
            try {
                reply = connection.getUnflushedObject();
            } catch (JedisDataException e) {
                refused(e);
                continue;
            }
            if (!(reply instanceof List<?> parts
                    && parts.size() == 3
                    && parts.get(0) instanceof byte[] kind
                    && parts.get(1) instanceof byte[] channel)) {
                throw new IllegalStateException("Redis sent what nobody asked for");
            }
            take(new String(kind, ISO_8859_1), channel, parts.get(2));
        }
    }

    private void take(String kind, byte[] channel, Object last) {
        switch (kind) {
            case "smessage" -> feed.hand(channel, (byte[]) last);
            case "ssubscribe" -> confirmed(answered());
            case "sunsubscribe" -> unsubscribed(channel);
            default -> throw new IllegalStateException("Redis sent " + kind);
        }
    }

    private void confirmed(@Nullable Wish wish) {
        if (wish == null || !wish.subscribes) {
            throw new IllegalStateException("Redis confirms what was not wished");
        }
        if (wish.channel == null) {
            alive();
        } else {
            wish.channel.confirmed();
        }
    }

    /** As was wished, or because the slot is elsewhere now. */
    private void unsubscribed(byte[] name) {
        synchronized (written) {
            var first = written.peek();
            if (first != null
                    && !first.subscribes
                    && first.channel != null
                    && Arrays.equals(name, first.channel.name().getBytes(ISO_8859_1))) {
                written.poll();
                return;
            }
        }
        var channel = registry.channel(name);
        if (channel != null) {
            feed.stray(channel);
        }
    }

    /** In a cluster each wish is a command, so this answers one. */
    private void refused(JedisDataException why) {
        var wish = answered();
        if (!redis.isCluster() || wish == null || (wish.channel == null && !isAlive)) {
            throw why;
        }
        LOG.debug("a channel is not served here", why);
        if (wish.channel == null) {
            redis.lookAgain();
            alive(); // it answers
        } else if (wish.subscribes) {
            feed.stray(wish.channel);
        }
    }

    private void alive() {
        if (isAlive) {
            meters.feedLag(Duration.ofNanos(System.nanoTime() - askedNanos));
            return;
        }
        isAlive = true;
        feed.alive(this);
        writer.start();
    }

    private @Nullable Wish answered() {
        synchronized (written) {
            return written.poll();
        }
    }

    // ---- the writer; at first the reader

    private void write() {
        try {
            long checkedNanos = System.nanoTime();
            while (!stopped) {
                var first = wishes.poll(CHECK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
                if (first != null) {
                    var batch = new ArrayList<Wish>(List.of(first));
                    wishes.drainTo(batch, BATCH - 1);
                    fulfil(batch);
                }
                if (System.nanoTime() - checkedNanos >= CHECK_EVERY.toNanos()) {
                    checkedNanos = System.nanoTime();
                    askedNanos = checkedNanos;
                    subscribeKeeper();
                    feed.checkTag();
                }
            }
        } catch (JedisException | StoreUnavailable e) {
            LOG.debug("wishes cannot be written", e);
            giveUp();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void subscribeKeeper() {
        String keeper =
                redis.isCluster() ? redis.nameHeldBy(feed.server(), RedisKeys::liveKeeper) : RedisKeys.LIVE_KEEPER;
        send(new Wish(true, null), keeper.getBytes(ISO_8859_1));
        connection.flush();
    }

    /** On a single Redis neighbours of a kind go in one command; in a cluster a command names channels of one slot. The order stays. */
    private void fulfil(List<Wish> batch) {
        int from = 0;
        while (from < batch.size()) {
            int to = from + 1;
            while (!redis.isCluster() && to < batch.size() && batch.get(to).subscribes == batch.get(from).subscribes) {
                to++;
            }
            send(batch.subList(from, to));
            from = to;
        }
        connection.flush();
    }

    private void send(List<Wish> alike) {
        var names = new ArrayList<byte[]>(alike.size());
        for (var wish : alike) {
            if (wish.channel != null) {
                names.add(wish.channel.name().getBytes(ISO_8859_1));
            }
        }
        synchronized (written) {
            written.addAll(alike);
        }
        connection.sendCommand(
                alike.getFirst().subscribes ? Command.SSUBSCRIBE : Command.SUNSUBSCRIBE, names.toArray(byte[][]::new));
    }

    private void send(Wish wish, byte[] name) {
        synchronized (written) {
            written.add(wish);
        }
        connection.sendCommand(Command.SSUBSCRIBE, name);
    }

    void stop() {
        stopped = true;
        writer.interrupt();
    }

    /** Ends the reader's wait. */
    void giveUp() {
        try {
            connection.forceDisconnect();
        } catch (IOException e) {
            LOG.debug("the feed's connection was closed already", e);
        }
    }
}
