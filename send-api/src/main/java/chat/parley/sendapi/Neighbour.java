package chat.parley.sendapi;

import chat.parley.ops.Health;
import chat.parley.ops.Meters;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Another service in the same JVM and on the same port, for {@link SendApi#start}.
 *
 * @param handler asked before our own routes; answers what is its own and passes the rest on
 * @param connector prepares the connector before it is started
 * @param meters of the whole process, served at our {@code /metrics}; closed by whoever made them
 * @param health of the whole process, shown at our {@code /readyz}
 */
public record Neighbour(Handler handler, Consumer<ServerConnector> connector, Meters meters, Health health) {}
