package chat.parley.stream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.EventLog;
import chat.parley.event.GroupFrame;
import chat.parley.event.LiveFrames;
import chat.parley.id.UserId;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.HostAndPort;

/**
 * The live frames of everyone who listens here: a {@link ServerFeed} to each server that serves one of their channels, on a single Redis to that one. In a
 * cluster a channel follows its slot: when a master is replaced or a slot moves, the channel is subscribed where it is now, and whoever may have missed
 * something reads the stream.
 */
final class LiveFeed implements AutoCloseable, SubscriberRegistry.Channels {
    private static final Logger LOG = LoggerFactory.getLogger(LiveFeed.class);

    /** How often it is looked whether channels are served elsewhere, where no server said so. */
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    /** The cluster is asked meanwhile; a thousand channels of a slot are moved by one look. */
    private static final Duration LOOK_PAUSE = Duration.ofMillis(100);

    private final Redis redis;
    private final EventLog log;
    private final SubscriberRegistry registry;
    private final StreamMeters meters;
    private final Map<HostAndPort, ServerFeed> feeds = new ConcurrentHashMap<>();
    private final Semaphore strays = new Semaphore(0);
    private final Thread looker;
    private volatile boolean closing;

    LiveFeed(Redis redis, EventLog log, SubscriberRegistry registry, StreamMeters meters) {
        this.redis = redis;
        this.log = log;
        this.registry = registry;
        this.meters = meters;
        this.looker = Thread.ofPlatform().name("live-feeds").daemon().unstarted(this::run);
        meters.feedsAway(() ->
                feeds.values().stream().filter(feed -> !feed.isConnected()).count());
    }

    void start() {
        registry.connect(this);
        look();
        if (redis.isCluster()) {
            looker.start();
        }
    }

    /** Whether frames arrive; in a cluster, whether any do: one lost master is no reason to leave everyone else's users. */
    boolean isConnected() {
        return feeds.values().stream().anyMatch(ServerFeed::isConnected);
    }

    @Override
    public void close() {
        closing = true;
        looker.interrupt();
        feeds.values().forEach(ServerFeed::close);
    }

    @Override
    public void subscribe(Channel channel) {
        var feed = feedOf(channel);
        channel.feed(feed);
        if (feed != null) {
            feed.subscribe(channel);
        }
    }

    @Override
    public void unsubscribe(Channel channel) {
        var feed = channel.feed();
        if (feed != null) {
            feed.unsubscribe(channel);
        }
    }

    /** A server does not serve this channel, or not any more. Returns at once. */
    void stray(ServerFeed feed, Channel channel) {
        registry.ifWanted(channel, () -> {
            if (channel.feed() == feed) {
                channel.feed(null);
            }
        });
        redis.lookAgain();
        strays.release();
    }

    /** Hands on what was published. */
    void hand(byte[] channel, byte[] publication, String tag) {
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

    private void run() {
        try {
            while (!closing) {
                if (strays.tryAcquire(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                    TimeUnit.MILLISECONDS.sleep(LOOK_PAUSE.toMillis());
                    strays.drainPermits();
                }
                look();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        try {
            var holders = redis.holders();
            holders.forEach(this::feed);
            registry.forEachChannel(channel -> {
                var feed = feedOf(channel);
                if (feed != null && feed != channel.feed()) {
                    registry.ifWanted(channel, () -> subscribe(channel));
                }
            });
            feeds.values().removeIf(feed -> {
                boolean isReplaced = !holders.isEmpty() && !holders.contains(feed.server());
                if (isReplaced) {
                    feed.close();
                }
                return isReplaced;
            });
        } catch (RuntimeException e) {
            LOG.error("looking where channels are served failed; it is looked again", e);
        }
    }

    private @Nullable ServerFeed feedOf(Channel channel) {
        var server = redis.holder(channel.name().getBytes(ISO_8859_1));
        return server == null ? null : feed(server);
    }

    private ServerFeed feed(HostAndPort server) {
        var there = feeds.get(server);
        return there != null
                ? there
                : feeds.computeIfAbsent(server, it -> new ServerFeed(it, redis, log, registry, this, meters).start());
    }
}
