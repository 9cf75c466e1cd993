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
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisRedirectionException;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * The life of one connection of a {@link ServerFeed}. One thread reads and hands frames on; another writes the wishes, many at once. Wishes are confirmed by the
 * names of their channels; in a cluster one may be refused instead, and a channel whose slot moves away is unsubscribed without a wish.
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
    private record Wish(boolean subscribes, @Nullable Channel channel, byte[] name) {
        static Wish of(boolean subscribes, Channel channel) {
            return new Wish(subscribes, channel, channel.name().getBytes(ISO_8859_1));
        }

        boolean is(boolean subscription, byte[] channelName) {
            return subscribes == subscription && Arrays.equals(name, channelName);
        }
    }

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
        wishes.add(Wish.of(true, channel));
    }

    void unsubscribe(Channel channel) {
        wishes.add(Wish.of(false, channel));
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
            case "ssubscribe" -> confirmed(answered(wish -> wish.is(true, channel)));
            case "sunsubscribe" -> unsubscribed(channel);
            default -> throw new IllegalStateException("Redis sent " + kind);
        }
    }

    private void confirmed(@Nullable Wish wish) {
        if (wish == null) {
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
            if (first != null && first.is(false, name)) {
                written.poll();
                return;
            }
        }
        var channel = registry.channel(name);
        if (channel != null) {
            feed.stray(channel);
        }
    }

    /**
     * In a cluster each wish is a command, so this answers one, of the slot it names. It may answer none that is still here: when the slot leaves while a channel's
     * end is wished, the server ends it by itself, which looks like the answer, and then refuses.
     */
    private void refused(JedisDataException why) {
        if (!redis.isCluster()) {
            throw why;
        }
        var wish = answered(
                why instanceof JedisRedirectionException where
                        ? each -> JedisClusterCRC16.getSlot(each.name) == where.getSlot()
                        : each -> true);
        if (wish == null && why instanceof JedisRedirectionException) {
            return;
        }
        if (wish == null || (wish.channel == null && !isAlive)) {
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

    /** Takes the first such one. */
    private @Nullable Wish answered(Predicate<Wish> which) {
        synchronized (written) {
            for (var each = written.iterator(); each.hasNext(); ) {
                var wish = each.next();
                if (which.test(wish)) {
                    each.remove();
                    return wish;
                }
            }
            return null;
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
        send(List.of(new Wish(true, null, keeper.getBytes(ISO_8859_1))));
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
        synchronized (written) {
            written.addAll(alike);
        }
        connection.sendCommand(
                alike.getFirst().subscribes ? Command.SSUBSCRIBE : Command.SUNSUBSCRIBE,
                alike.stream().map(Wish::name).toArray(byte[][]::new));
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
