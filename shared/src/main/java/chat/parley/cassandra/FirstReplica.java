package chat.parley.cassandra;

import com.datastax.oss.driver.api.core.context.DriverContext;
import com.datastax.oss.driver.api.core.metadata.Node;
import com.datastax.oss.driver.api.core.session.Request;
import com.datastax.oss.driver.api.core.session.Session;
import com.datastax.oss.driver.internal.core.loadbalancing.DefaultLoadBalancingPolicy;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Where conditional writes and serial reads go: to a partition's first replica that is up, whoever asks. A node of Cassandra lets those of one partition wait for each other;
 * coming from several nodes they outbid each other, and each loses rounds or its whole time. Partitions spread over the ring, and so does the load. The driver makes it by
 * its name, so it is public.
 */
public final class FirstReplica extends DefaultLoadBalancingPolicy {
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
        return new ArrayDeque<>(nodes);
    }
}
