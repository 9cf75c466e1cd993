package chat.parley.presence;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/**
 * How people's presence is spread over a cluster: each person has one of some buckets, whose keys are in one slot, so that a script may change a person and
 * the list of those to be looked at together. A single Redis has no buckets, and everything is done in one go.
 */
final class PresenceBuckets {
    private final Redis redis;
    private final AtomicInteger turns = new AtomicInteger();

    PresenceBuckets(Redis redis) {
        this.redis = redis;
    }

    int of(UserId user) {
        return redis.isCluster()
                ? (int) Long.remainderUnsigned(user.value(), RedisKeys.PRESENCE_BUCKETS)
                : RedisKeys.NO_BUCKET;
    }

    /** All {@code items} by the bucket of their person; those of a master that is away are left out, unless all are. */
    <T> void forEach(Collection<T> items, Function<T, UserId> person, BiConsumer<Integer, List<T>> work) {
        if (!redis.isCluster()) {
            work.accept(RedisKeys.NO_BUCKET, List.copyOf(items));
            return;
        }
        var byBucket = new TreeMap<Integer, List<T>>();
        for (var item : items) {
            byBucket.computeIfAbsent(of(person.apply(item)), unused -> new ArrayList<>())
                    .add(item);
        }
        var round = new Round(byBucket.size());
        for (Map.Entry<Integer, List<T>> entry : byBucket.entrySet()) {
            round.work(entry.getKey(), () -> work.accept(entry.getKey(), entry.getValue()));
        }
    }

    /** Every bucket, beginning with another one each time; those of a master that is away are left out, unless all are. */
    void forEach(IntConsumer work) {
        if (!redis.isCluster()) {
            work.accept(RedisKeys.NO_BUCKET);
            return;
        }
        int first = turns.getAndIncrement();
        var round = new Round(RedisKeys.PRESENCE_BUCKETS);
        for (int i = 0; i < RedisKeys.PRESENCE_BUCKETS; i++) {
            int bucket = Math.floorMod(first + i, RedisKeys.PRESENCE_BUCKETS);
            round.work(bucket, () -> work.accept(bucket));
        }
    }

    /** Waits for each master that is away once, not for each of its buckets. */
    private final class Round {
        private final Set<HostAndPort> away = new HashSet<>();
        private int left;
        private boolean isAnyDone;

        Round(int buckets) {
            left = buckets;
        }

        void work(int bucket, Runnable work) {
            left--;
            var server = redis.holder(RedisKeys.presenceDue(bucket).getBytes(ISO_8859_1));
            StoreUnavailable failure = null;
            if (server == null || away.contains(server)) {
                failure = new StoreUnavailable("redis", new IllegalStateException(server + " is away"));
            } else {
                try {
                    work.run();
                    isAnyDone = true;
                } catch (StoreUnavailable e) {
                    away.add(server);
                    failure = e;
                }
            }
            throwIfAll(failure);
        }

        private void throwIfAll(@Nullable StoreUnavailable failure) {
            if (failure != null && left == 0 && !isAnyDone) {
                throw failure;
            }
        }
    }
}
