package chat.parley.presence;

import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.redis.RedisScript;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Response;

/**
 * Who is there, as leases in Redis: each node that holds a stream of someone says so now and then, and whoever is not spoken for is gone. All
 * nodes look at people whose presence may have changed; a claim gives each to one of them. Safe for use by many threads; methods throw
 * {@link StoreUnavailable}. Nodes' clocks may differ by a second or two.
 */
public final class PresenceLeases {
    /** How long someone counts as there whose node died without a word. */
    public static final Duration LEASE = Duration.ofSeconds(90);

    /** How long someone counts as there whose last stream ended: reconnects, rotations and tunnels are no news. */
    public static final Duration ABSENCE = Duration.ofSeconds(30);

    /** How long someone new is not told of: a connection that comes and goes is no news either. */
    public static final Duration ARRIVAL = Duration.ofSeconds(2);

    /** How long a node has to announce what it claimed, before another one does. */
    static final Duration CLAIM = Duration.ofSeconds(10);

    /** How long it is remembered of someone who went when they were seen, and how they want to appear. */
    static final Duration MEMORY = Duration.ofDays(30);

    /** People of one run of a script: about half a millisecond, in which Redis serves nobody else. */
    private static final int BATCH = 100;

    private static final RedisScript KEEP = RedisScript.named("presence_keep");
    private static final RedisScript TAKE = RedisScript.named("presence_claim");
    private static final RedisScript SETTLE = RedisScript.named("presence_settle");
    private static final RedisScript CHOOSE = RedisScript.named("presence_choose");

    private final Redis redis;
    private final InstantSource clock;
    private final PresenceBuckets buckets;

    /** @param redis closed by the caller */
    public PresenceLeases(Redis redis, InstantSource clock) {
        this.redis = redis;
        this.clock = clock;
        this.buckets = new PresenceBuckets(redis);
    }

    /** What is connected of one person at one node. */
    public record Connected(UserId user, boolean foreground, boolean idle) {
        private String letters() {
            return (foreground ? PresenceState.FOREGROUND : "") + (idle ? PresenceState.IDLE : "");
        }
    }

    /** People whom this node has to look at. */
    public record Claim(List<PresenceState> people, long score) {}

    /** How someone wants to appear. */
    public record Choice(Chosen chosen, @Nullable String text) {}

    /** Renews, begins and ends the leases of {@code node}; repeating it changes nothing else. */
    public void keep(String node, List<Connected> people) {
        buckets.forEach(people, Connected::user, (bucket, all) -> {
            for (var some : batches(all)) {
                var arguments = new ArrayList<>(List.of(node, now(), millis(LEASE), millis(ABSENCE), millis(ARRIVAL)));
                some.forEach(person -> arguments.add(person.letters()));
                KEEP.run(redis, keys(bucket, some.stream().map(Connected::user).toList()), arguments);
            }
        });
    }

    /** People whose presence may have changed, at most {@code limit}; no other node gets them until they are settled or the claim is old. */
    public Claim claim(int limit) {
        long now = clock.millis();
        long score = now + CLAIM.toMillis();
        var people = new ArrayList<PresenceState>();
        buckets.forEach(bucket -> {
            int left = limit - people.size();
            if (left > 0) {
                claim(bucket, now, score, left, people);
            }
        });
        return new Claim(people, score);
    }

    private void claim(int bucket, long now, long score, int limit, List<PresenceState> people) {
        var arguments = List.of(Long.toString(now), Long.toString(score), Integer.toString(limit));
        for (var one : (List<?>) TAKE.run(redis, List.of(RedisKeys.presenceDue(bucket)), arguments)) {
            var answer = (List<?>) one;
            var fields = new HashMap<String, String>();
            var pairs = ((List<?>) answer.get(1)).iterator();
            while (pairs.hasNext()) {
                fields.put((String) pairs.next(), (String) pairs.next());
            }
            people.add(PresenceState.of(UserId.parse((String) answer.get(0)), fields, now));
        }
    }

    /** Notes that {@code people}, of a claim with this score, are announced as they were shown. */
    public void settle(Collection<PresenceState> people, long score) {
        buckets.forEach(people, state -> state.shown().user(), (bucket, all) -> {
            for (var some : batches(all)) {
                var arguments = new ArrayList<>(
                        List.of(now(), Long.toString(score), millis(ABSENCE), Long.toString(MEMORY.toSeconds())));
                for (var state : some) {
                    arguments.add(PresenceState.letter(state.shown().status()));
                    arguments.add(
                            state.nextMillis() == null ? "" : state.nextMillis().toString());
                }
                SETTLE.run(
                        redis,
                        keys(
                                bucket,
                                some.stream().map(state -> state.shown().user()).toList()),
                        arguments);
            }
        });
    }

    /** How {@code users} appear to others, in their order; offline where nothing is known. */
    public Map<UserId, Presence> read(Collection<UserId> users) {
        long now = clock.millis();
        var found = new LinkedHashMap<UserId, Presence>();
        fields(users)
                .forEach((user, fields) ->
                        found.put(user, PresenceState.of(user, fields, now).shown()));
        return found;
    }

    /** Those of {@code users} who have streams, and nobody looks at any of them. */
    public Set<UserId> idle(Collection<UserId> users) {
        long now = clock.millis();
        var found = new HashSet<UserId>();
        fields(users).forEach((user, fields) -> {
            if (PresenceState.isIdle(fields, now)) {
                found.add(user);
            }
        });
        return found;
    }

    private Map<UserId, Map<String, String>> fields(Collection<UserId> users) {
        return redis.with(it -> {
            var replies = new LinkedHashMap<UserId, Response<Map<String, String>>>();
            try (var pipeline = it.pipelined()) {
                users.forEach(user -> replies.put(user, pipeline.hgetAll(key(user))));
                pipeline.sync();
            }
            var fields = new LinkedHashMap<UserId, Map<String, String>>();
            replies.forEach((user, reply) -> fields.put(user, reply.get()));
            return fields;
        });
    }

    /** Notes how {@code user} wants to appear; peers are told within seconds. */
    public void choose(UserId user, Choice choice) {
        var arguments = List.of(
                now(),
                choice.chosen.letter(),
                choice.text == null ? "" : choice.text,
                Long.toString(MEMORY.toSeconds()));
        CHOOSE.run(redis, keys(buckets.of(user), List.of(user)), arguments);
    }

    /** How {@code user} wants to appear. */
    public Choice choice(UserId user) {
        var fields = redis.with(it -> it.hmget(key(user), PresenceState.CHOSEN, PresenceState.TEXT));
        return new Choice(Chosen.of(fields.get(0)), fields.get(1));
    }

    /** Forgets everything of {@code user}: for an account that is erased. */
    public void forget(UserId user) {
        redis.with(it -> it.del(key(user)) + it.zrem(RedisKeys.presenceDue(buckets.of(user)), user.toString()));
    }

    private String key(UserId user) {
        return RedisKeys.presence(user, buckets.of(user));
    }

    private static List<String> keys(int bucket, List<UserId> users) {
        var keys = new ArrayList<String>(users.size() + 1);
        keys.add(RedisKeys.presenceDue(bucket));
        users.forEach(user -> keys.add(RedisKeys.presence(user, bucket)));
        return keys;
    }

    private static <T> List<List<T>> batches(List<T> all) {
        var batches = new ArrayList<List<T>>();
        for (int from = 0; from < all.size(); from += BATCH) {
            batches.add(all.subList(from, Math.min(from + BATCH, all.size())));
        }
        return batches;
    }

    private String now() {
        return Long.toString(clock.millis());
    }

    private static String millis(Duration duration) {
        return Long.toString(duration.toMillis());
    }
}
