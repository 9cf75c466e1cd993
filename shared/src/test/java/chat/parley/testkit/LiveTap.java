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
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.BinaryJedisShardedPubSub;
import redis.clients.jedis.Connection;

/** Listens to live channels as a stream node does, and keeps what came. */
public final class LiveTap implements AutoCloseable {
    private final List<Heard> heard = new CopyOnWriteArrayList<>();
    private final Redis redis;
    private final Connection connection;
    private final Subscription subscription;
    private final Thread reader;

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
        redis = Redis.open(URI.create(server.uri()), 1);
        connection = redis.subscribing(Duration.ofMinutes(2));
        subscription = new Subscription(users.size());
        var channels = users.stream()
                .map(user -> RedisKeys.live(user).getBytes(ISO_8859_1))
                .toArray(byte[][]::new);
        reader = Thread.ofVirtual().start(() -> subscription.proceed(connection, channels));
        if (!subscription.confirmed.await(10, TimeUnit.SECONDS)) {
            throw new IllegalStateException("Redis does not confirm");
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
        subscription.sunsubscribe();
        reader.join(Duration.ofSeconds(5));
        connection.close();
        redis.close();
    }

    private final class Subscription extends BinaryJedisShardedPubSub {
        private final CountDownLatch confirmed;

        Subscription(int channels) {
            confirmed = new CountDownLatch(channels);
        }

        @Override
        public void onSSubscribe(byte[] channel, int channels) {
            confirmed.countDown();
        }

        @Override
        public void onSMessage(byte[] channel, byte[] message) {
            heard.add(new Heard(Objects.requireNonNull(RedisKeys.liveUser(channel)), LiveFrames.decode(message)));
        }
    }
}
