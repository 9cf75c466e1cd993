package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.PublishLane.Waiting;
import chat.parley.event.PublishOutcome.Published;
import chat.parley.event.PublishOutcome.Unpublished;
import chat.parley.id.UserId;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/**
 * Takes publications to the servers that hold the recipients' streams, by a {@link PublishLane} each; on a single Redis everything takes the one lane there
 * is. The order of the calls is the order in each stream, but for what was under way while a slot moved.
 */
final class Publisher implements AutoCloseable, PublishLane.Routes {
    /** A part that finds no home after so many redirections is left to the relay. */
    private static final int REDIRECTIONS_MAX = 4;

    private final Redis redis;
    private final StreamTag tag;
    private final Counter published;
    private final Counter unpublished;
    private final Counter live;
    private final Counter dropped;
    private final Map<HostAndPort, PublishLane> lanes = new ConcurrentHashMap<>();
    private volatile boolean closing;

    Publisher(Redis redis, StreamTag tag, MeterRegistry meters) {
        this.redis = redis;
        this.tag = tag;
        this.published = meters.counter("parley.publications", "outcome", "published");
        this.unpublished = meters.counter("parley.publications", "outcome", "unpublished");
        this.live = meters.counter("parley.publications", "outcome", "live");
        this.dropped = meters.counter("parley.publications", "outcome", "dropped");
        meters.gauge("parley.publications.waiting", lanes, all -> count(all.values(), PublishLane::waiting));
        meters.gauge("parley.publications.servers.away", lanes, all -> count(all.values(), it -> it.isAway() ? 1 : 0));
        redis.holders().forEach(this::lane); // a first publication need not wait for a thread
    }

    CompletableFuture<PublishOutcome> submit(Publication publication) {
        var result = new CompletableFuture<PublishOutcome>();
        route(publication, false, outcome -> {
            (outcome instanceof Published ? published : unpublished).increment();
            result.complete(outcome);
        });
        return result;
    }

    /** Returns at once. False when it was dropped: Redis is away, or others wait. */
    boolean submitLive(Publication publication) {
        return route(publication, true, outcome -> (outcome instanceof Published ? live : dropped).increment());
    }

    /** Whether Redis is away or slower than what is handed in. */
    boolean isBusy() {
        boolean allAway = true;
        for (var lane : lanes.values()) {
            if (lane.isBusy() && !lane.isAway()) {
                return true;
            }
            allAway &= lane.isAway();
        }
        return closing || (allAway && !lanes.isEmpty());
    }

    @Override
    public void redirect(Waiting part, JedisRedirectionException where) {
        redis.lookAgain();
        if (part.redirections() >= REDIRECTIONS_MAX) {
            part.refuse();
            return;
        }
        boolean asking = where instanceof JedisAskDataException;
        lane(where.getTargetNode())
                .handIn(new Waiting(part.publication(), asking, part.redirections() + 1, part.done()));
    }

    @Override
    public void retire(PublishLane lane) {
        lanes.remove(lane.server(), lane);
    }

    @Override
    public void close() {
        closing = true;
        lanes.values().forEach(PublishLane::close);
    }

    /** False when no lane took any of it. */
    private boolean route(Publication publication, boolean droppable, Consumer<PublishOutcome> done) {
        if (publication.isVoid()) {
            done.accept(new Published(List.of()));
            return true;
        }
        if (closing) {
            done.accept(new Unpublished());
            return false;
        }
        if (!redis.isCluster()) {
            var only = redis.holders().iterator().next();
            return handIn(only, publication, droppable, done);
        }
        var group = publication.group();
        if (group != null) {
            var server = redis.holder(RedisKeys.group(group.conversation()).getBytes(ISO_8859_1));
            return handIn(server, publication, droppable, done);
        }
        var byServer = new LinkedHashMap<@Nullable HostAndPort, List<UserId>>();
        for (var user : publication.recipients()) {
            var server = redis.holder(RedisKeys.stream(user).getBytes(ISO_8859_1));
            byServer.computeIfAbsent(server, unused -> new ArrayList<>()).add(user);
        }
        var parts = new PublicationParts(publication, byServer.size(), done);
        boolean taken = false;
        for (var part : byServer.entrySet()) {
            taken |= handIn(part.getKey(), publication.to(part.getValue()), droppable, parts::done);
        }
        return taken;
    }

    private boolean handIn(
            @Nullable HostAndPort server, Publication part, boolean droppable, Consumer<PublishOutcome> done) {
        if (server == null) {
            redis.lookAgain();
            done.accept(new Unpublished());
            return false;
        }
        var lane = lane(server);
        if (droppable && lane.isBusy()) {
            done.accept(new Unpublished());
            return false;
        }
        lane.handIn(new Waiting(part, false, 0, done));
        return true;
    }

    private PublishLane lane(HostAndPort server) {
        var there = lanes.get(server);
        return there != null
                ? there
                : lanes.computeIfAbsent(server, it -> new PublishLane(redis, it, tag, this).start());
    }

    private static int count(Collection<PublishLane> lanes, ToIntFunction<PublishLane> what) {
        return lanes.stream().mapToInt(what).sum();
    }
}
