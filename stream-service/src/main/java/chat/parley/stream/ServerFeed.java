package chat.parley.stream;

import chat.parley.event.EventLog;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The node's one connection to one server for live frames. When it breaks it is made again, every channel that the server serves is subscribed again, and
 * whoever may have missed something reads the stream.
 */
final class ServerFeed implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerFeed.class);

    private static final Duration RETRY_FIRST = Duration.ofMillis(50);
    private static final Duration RETRY_MOST = Duration.ofSeconds(2);

    private final HostAndPort server;
    private final Redis redis;
    private final EventLog log;
    private final SubscriberRegistry registry;
    private final LiveFeed feed;
    private final StreamMeters meters;
    private final Thread reader;
    private volatile boolean closing;
    /** The connection that is being made or read. */
    private volatile @Nullable FeedConnection current;
    /** The same from its first sign of life on; changed under the registry's lock. */
    private volatile @Nullable FeedConnection living;

    private volatile String tag = "0";

    ServerFeed(
            HostAndPort server,
            Redis redis,
            EventLog log,
            SubscriberRegistry registry,
            LiveFeed feed,
            StreamMeters meters) {
        this.server = server;
        this.redis = redis;
        this.log = log;
        this.registry = registry;
        this.feed = feed;
        this.meters = meters;
        this.reader = Thread.ofPlatform()
                .name(redis.isCluster() ? "live-feed " + server : "live-feed")
                .daemon()
                .unstarted(this::run);
    }

    ServerFeed start() {
        reader.start();
        return this;
    }

    HostAndPort server() {
        return server;
    }

    /** Whether frames arrive. */
    boolean isConnected() {
        return living != null;
    }

    /** Must not block. What is wished while there is no connection is done when there is one. */
    void subscribe(Channel channel) {
        var connection = living;
        if (connection != null) {
            connection.subscribe(channel);
        }
    }

    /** Must not block. */
    void unsubscribe(Channel channel) {
        var connection = living;
        if (connection != null) {
            connection.unsubscribe(channel);
        }
    }

    @Override
    public void close() {
        closing = true;
        reader.interrupt();
        var connection = current;
        if (connection != null) {
            connection.giveUp();
        }
    }

    private void run() {
        Duration pause = RETRY_FIRST;
        while (!closing) {
            try (var connection = redis.subscribing(server, FeedConnection.SILENCE_MAX)) {
                var life = new FeedConnection(this, redis, connection, registry, meters);
                current = life;
                try {
                    // Whoever closes sees either this connection, which ends by it, or comes before this look.
                    if (!closing) {
                        life.read();
                    }
                } finally {
                    pause = living != null ? RETRY_FIRST : pause;
                    life.stop();
                }
            } catch (JedisException | StoreUnavailable e) {
                if (!closing) {
                    LOG.warn("the live feed of {} is interrupted: {}", server, e.getMessage());
                }
            } catch (RuntimeException e) {
                LOG.error("the live feed failed; it is made again", e);
            }
            living = null;
            forEachChannel(Channel::lost);
            redis.lookAgain();
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

    /** The first sign of life: from here on wishes go there, first of all everyone there is. */
    void alive(FeedConnection connection) {
        tag = log.tag(server);
        registry.forEachChannelAtOnce(() -> living = connection, channel -> {
            if (channel.feed() == this) {
                connection.subscribe(channel);
            }
        });
        LOG.info("the live feed of {} is connected", server);
    }

    private void forEachChannel(Consumer<Channel> action) {
        registry.forEachChannel(channel -> {
            if (channel.feed() == this) {
                action.accept(channel);
            }
        });
    }

    void hand(byte[] channel, byte[] publication) {
        feed.hand(channel, publication, tag);
    }

    void stray(Channel channel) {
        feed.stray(this, channel);
    }

    /** Looks whether the server is still what it was. */
    void checkTag() {
        try {
            String now = log.tag(server);
            if (!now.equals(tag)) {
                // Entries may be gone behind cursors that look valid: everyone looks.
                LOG.warn("Redis at {} is not the one it was; every stream is read again", server);
                tag = now;
                forEachChannel(Channel::missed);
            }
        } catch (StoreUnavailable e) {
            LOG.warn("the tag of Redis at {} could not be read: {}", server, e.getMessage());
        }
    }
}
