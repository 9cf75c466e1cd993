package chat.parley.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.event.LiveFrame;
import chat.parley.event.LiveFrames;
import chat.parley.id.UserId;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.BinaryJedisShardedPubSub;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;

/** Listens to live channels as a stream node does, and keeps what came. */
public final class LiveTap implements AutoCloseable {
    private final List<Heard> heard = new CopyOnWriteArrayList<>();
    private final Redis redis;
    private final List<Subscription> subscriptions = new ArrayList<>();

    /** One frame on one person's channel. */
    public record Heard(UserId user, LiveFrame frame) {
        /** The JSON of what is not stored; empty for other frames. */
        public String ephemeral() {
            return frame instanceof LiveFrame.Ephemeral told
                    ? new String(told.event().json(), UTF_8)
                    : "";
        }
    }

    /** Returns when Redis confirmed. */
    public LiveTap(RealRedis server, Collection<UserId> users) throws InterruptedException {
        this(server.uri(), users);
    }

    /** As {@link #LiveTap(RealRedis, Collection)}, also on a cluster. */
    public LiveTap(String uri, Collection<UserId> users) throws InterruptedException {
        redis = Redis.open(URI.create(uri), 1);
        var channels = new HashMap<HostAndPort, List<byte[]>>();
        for (var user : users) {
            byte[] channel = RedisKeys.live(user).getBytes(ISO_8859_1);
            channels.computeIfAbsent(
                            Objects.requireNonNull(redis.holder(channel), "the cluster is not known"),
                            unused -> new ArrayList<>())
                    .add(channel);
        }
        channels.forEach((server, served) -> subscriptions.add(new Subscription(server, served)));
        for (var subscription : subscriptions) {
            subscription.await();
        }
    }

    /** Everything so far, in order. */
    public List<Heard> heard() {
        return List.copyOf(heard);
    }

    /** What was told {@code user} so far and is not stored. */
    public List<String> ephemeral(UserId user) {
        return heard.stream()
                .filter(one -> one.user().equals(user) && !one.ephemeral().isEmpty())
                .map(Heard::ephemeral)
                .toList();
    }

    @Override
    public void close() throws InterruptedException {
        for (var subscription : subscriptions) {
            subscription.close();
        }
        redis.close();
    }

    private final class Subscription extends BinaryJedisShardedPubSub implements AutoCloseable {
        private final Connection connection;
        private final List<byte[]> channels;
        private final CountDownLatch confirmed;
        private final Thread reader;

        Subscription(HostAndPort server, List<byte[]> channels) {
            this.channels = channels;
            connection = redis.subscribing(server, Duration.ofMinutes(2));
            confirmed = new CountDownLatch(channels.size());
            reader = Thread.ofVirtual().start(() -> proceed(connection, channels.getFirst()));
        }

        void await() throws InterruptedException {
            if (!confirmed.await(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("Redis does not confirm");
            }
        }

        @Override
        public void onSSubscribe(byte[] channel, int subscribed) {
            // One by one: in a cluster a command names channels of one slot.
            if (subscribed < channels.size()) ssubscribe(channels.get(subscribed));
            confirmed.countDown();
        }

        @Override
        public void onSMessage(byte[] channel, byte[] message) {
            heard.add(new Heard(Objects.requireNonNull(RedisKeys.liveUser(channel)), LiveFrames.decode(message)));
        }

        @Override
        public void close() throws InterruptedException {
            sunsubscribe();
            reader.join(Duration.ofSeconds(5));
            connection.close();
        }
    }
}
