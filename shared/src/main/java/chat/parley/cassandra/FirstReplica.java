package chat.parley.cassandra;

import com.datastax.oss.driver.api.core.config.DriverExecutionProfile;
import com.datastax.oss.driver.api.core.context.DriverContext;
import com.datastax.oss.driver.api.core.metadata.Node;
import com.datastax.oss.driver.api.core.servererrors.CoordinatorException;
import com.datastax.oss.driver.api.core.session.Request;
import com.datastax.oss.driver.api.core.session.Session;
import com.datastax.oss.driver.internal.core.loadbalancing.DefaultLoadBalancingPolicy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Where conditional writes and serial reads go: to a partition's first replica that is up, whoever asks. A node of Cassandra lets those of one partition wait for each other;
 * coming from several nodes they outbid each other, and each loses rounds or its whole time. Partitions spread over the ring, and so does the load. A node that stands
 * still without dying comes last for a while, long before the driver takes it for dead. The driver makes it by its name, so it is public.
 */
public final class FirstReplica extends DefaultLoadBalancingPolicy {
    /** A node that stands still is tried again after this, unless the driver has found out; one call then waits for it in vain. */
    private static final Duration AVOIDED_FOR = Duration.ofSeconds(10);

    private final Map<Node, Long> answeredAt = new ConcurrentHashMap<>();
    private final Map<Node, Long> avoidedUntil = new ConcurrentHashMap<>();

    /** As the driver calls it. */
    public FirstReplica(DriverContext context, String profileName) {
        super(context, profileName);
    }

    @Override
    public Queue<Node> newQueryPlan(@Nullable Request request, @Nullable Session session) {
        var nodes = new LinkedHashSet<Node>();
        var live = getLiveNodes().dc(getLocalDatacenter());
        for (var replica : getReplicas(request, session)) {
            if (live.contains(replica)) {
                nodes.add(replica);
            }
        }
        nodes.addAll(super.newQueryPlan(request, session));
        var avoided = nodes.stream().filter(this::isAvoided).toList();
        avoided.forEach(nodes::remove);
        nodes.addAll(avoided);
        return new ArrayDeque<>(nodes);
    }

    private boolean isAvoided(Node node) {
        var until = avoidedUntil.get(node);
        return until != null && System.nanoTime() - until < 0;
    }

    /**
     * This one was asked at {@code begun} and has not answered in a time that is long for it: where it answered nobody else meanwhile either it stands still. One that is only
     * busy is not left, since two nodes would be in each other's way.
     */
    void missed(Node node, long begun) {
        var last = answeredAt.get(node);
        if (last == null || last - begun < 0) {
            avoidedUntil.put(node, System.nanoTime() + AVOIDED_FOR.toNanos());
        }
    }

    @Override
    public void onNodeSuccess(
            Request request, long latencyNanos, DriverExecutionProfile profile, Node node, String logPrefix) {
        answeredAt.put(node, System.nanoTime());
        super.onNodeSuccess(request, latencyNanos, profile, node, logPrefix);
    }

    @Override
    public void onNodeError(
            Request request,
            Throwable error,
            long latencyNanos,
            DriverExecutionProfile profile,
            Node node,
            String logPrefix) {
        if (error instanceof CoordinatorException) { // an answer, too
            answeredAt.put(node, System.nanoTime());
        }
        super.onNodeError(request, error, latencyNanos, profile, node, logPrefix);
    }
}
