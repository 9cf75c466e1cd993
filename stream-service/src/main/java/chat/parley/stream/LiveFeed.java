package chat.parley.stream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.EventLog;
import chat.parley.event.GroupFrame;
import chat.parley.event.LiveFrames;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
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
import redis.clients.jedis.BinaryJedisShardedPubSub;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The node's one connection to Redis for live frames, subscribed to the channel of every user who listens here. When it breaks it is made again,
 * every channel is subscribed again, and whoever may have missed something reads the stream.
 *
 * <p>One thread reads and hands frames on; another writes the wishes, many in one command. Wishes are confirmed in the order they were written.
 */
final class LiveFeed implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LiveFeed.class);

    private static final byte[] KEEPER = RedisKeys.LIVE_KEEPER.getBytes(ISO_8859_1);

    /** Channels of one command: some 10 KB, so that Redis serves others in between. */
    private static final int BATCH = 500;

    /** How often the connection is asked for a sign of life, and the tag is read. */
    private static final Duration CHECK_EVERY = Duration.ofSeconds(2);

    /** A connection without a sign of life for so long is given up: a silent one would be waited on for ever. */
    private static final Duration SILENCE_MAX = Duration.ofSeconds(6);

    private static final Duration RETRY_FIRST = Duration.ofMillis(50);
    private static final Duration RETRY_MOST = Duration.ofSeconds(2);

    private final Redis redis;
    private final EventLog log;
    private final SubscriberRegistry registry;
    private final StreamMeters meters;
    private final Thread reader;
    private volatile boolean closing;
    private volatile boolean connected;
    private volatile String tag = "0";
    private volatile @Nullable Feed current;

    LiveFeed(Redis redis, EventLog log, SubscriberRegistry registry, StreamMeters meters) {
        this.redis = redis;
        this.log = log;
        this.registry = registry;
        this.meters = meters;
        this.reader = Thread.ofPlatform().name("live-feed").daemon().unstarted(this::run);
    }

    void start() {
        reader.start();
    }

    /** Whether frames arrive. */
    boolean isConnected() {
        return connected;
    }

    @Override
    public void close() {
        closing = true;
        reader.interrupt();
        var feed = current;
        if (feed != null) {
            feed.giveUp();
        }
    }

    private void run() {
        Duration pause = RETRY_FIRST;
        while (!closing) {
            try (var connection = redis.subscribing(SILENCE_MAX)) {
                var feed = new Feed(connection);
                current = feed;
                try {
                    feed.proceed(connection, KEEPER);
                } finally {
                    pause = connected ? RETRY_FIRST : pause;
                    feed.stop();
                }
            } catch (JedisException | StoreUnavailable e) {
                if (!closing) {
                    LOG.warn("the live feed is interrupted: {}", e.getMessage());
                }
            } catch (RuntimeException e) {
                LOG.error("the live feed failed; it is made again", e);
            }
            connected = false;
            meters.feedReconnected();
            pause = rest(pause);
        }
    }

    private Duration rest(Duration pause) {
        try {
            if (!closing) {
                TimeUnit.MILLISECONDS.sleep(pause.toMillis());
            }
        } catch (InterruptedException e) {
            closing = true;
        }
        var next = pause.multipliedBy(2);
        return next.compareTo(RETRY_MOST) > 0 ? RETRY_MOST : next;
    }

    private void hand(byte[] channel, byte[] publication) {
        try {
            UserId user = RedisKeys.liveUser(channel);
            var group = user == null ? RedisKeys.liveGroup(channel) : null;
            if (group != null) {
                registry.deliver(group, GroupFrame.decode(publication));
            }
            if (user != null) {
                registry.deliver(user, LiveFrames.decode(publication), tag);
            }
        } catch (RuntimeException e) {
            // Set aside: whoever it was for sees a gap with the next frame and reads the stream.
            meters.poisoned();
            LOG.error("a frame could not be handed on", e);
        }
    }

    /** A wish of the registry's: what to subscribe, or what to unsubscribe. */
    private record Wish(boolean subscribes, Channel channel) {}

    /** The life of one connection. */
    private final class Feed extends BinaryJedisShardedPubSub implements SubscriberRegistry.Channels {
        private final Connection connection;
        private final LinkedBlockingQueue<Wish> wishes = new LinkedBlockingQueue<>();
        /** Written and not yet confirmed, in order. */
        private final ArrayDeque<Channel> written = new ArrayDeque<>();

        private final Thread writer =
                Thread.ofVirtual().name("live-feed-writer").unstarted(this::write);
        private volatile long askedNanos;
        private volatile boolean stopped;

        Feed(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void subscribe(Channel channel) {
            wishes.add(new Wish(true, channel));
        }

        @Override
        public void unsubscribe(Channel channel) {
            wishes.add(new Wish(false, channel));
        }

        @Override
        public void onSSubscribe(byte[] channel, int subscribed) {
            if (Arrays.equals(channel, KEEPER)) {
                alive();
                return;
            }
            Channel confirmed;
            synchronized (written) {
                confirmed = written.poll();
            }
            if (confirmed != null) {
                confirmed.confirmed();
            }
        }

        @Override
        public void onSMessage(byte[] channel, byte[] message) {
            hand(channel, message);
        }

        /** The first sign of life: from here on the registry's wishes come here, first of all everyone there is. */
        private void alive() {
            long now = System.nanoTime();
            if (askedNanos != 0) {
                meters.feedLag(Duration.ofNanos(now - askedNanos));
                return;
            }
            tag = log.tag();
            registry.connect(this);
            writer.start();
            connected = true;
            LOG.info("the live feed is connected");
        }

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
                        check();
                    }
                }
            } catch (JedisException e) {
                giveUp();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** Neighbours of a kind go in one command; the order stays. */
        private void fulfil(List<Wish> batch) {
            int from = 0;
            while (from < batch.size()) {
                boolean subscribes = batch.get(from).subscribes;
                int to = from;
                while (to < batch.size() && batch.get(to).subscribes == subscribes) {
                    to++;
                }
                var part = batch.subList(from, to);
                var channels = part.stream()
                        .map(wish -> wish.channel.name().getBytes(ISO_8859_1))
                        .toArray(byte[][]::new);
                if (subscribes) {
                    synchronized (written) {
                        part.stream().map(Wish::channel).forEach(written::add);
                    }
                    ssubscribe(channels);
                } else {
                    sunsubscribe(channels);
                }
                from = to;
            }
        }

        private void check() {
            askedNanos = System.nanoTime();
            ssubscribe(KEEPER);
            try {
                String now = log.tag();
                if (!now.equals(tag)) {
                    // Entries may be gone behind cursors that look valid: everyone looks.
                    LOG.warn("Redis is not the one it was; every stream is read again");
                    tag = now;
                    registry.missedByAll();
                }
            } catch (StoreUnavailable e) {
                LOG.warn("the tag of Redis could not be read: {}", e.getMessage());
            }
        }

        private void stop() {
            stopped = true;
            writer.interrupt();
        }

        /** Ends the reader's wait. */
        private void giveUp() {
            try {
                connection.forceDisconnect();
            } catch (IOException e) {
                LOG.debug("the feed's connection was closed already", e);
            }
        }
    }
}
