package chat.parley.stream;

import chat.parley.event.EncodedEvent;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a client wants its stream. Most want the default, so most connections share one object.
 *
 * @param heartbeat after this long without a byte, one is sent
 * @param heartbeatEvents heartbeats are events instead of comments, for pages that watch them
 * @param named false: every event is a plain {@code message} event
 * @param filter null: everything
 */
record StreamOptions(
        Duration heartbeat,
        boolean heartbeatEvents,
        boolean named,
        @Nullable Filter filter) {
    static final Duration HEARTBEAT = Duration.ofSeconds(25);

    private static final StreamOptions DEFAULT = new StreamOptions(HEARTBEAT, false, true, null);
    private static final StreamOptions BROWSER = new StreamOptions(HEARTBEAT, true, true, null);

    /** The shared object where there is one. */
    StreamOptions shared() {
        return equals(DEFAULT) ? DEFAULT : equals(BROWSER) ? BROWSER : this;
    }

    boolean accepts(EncodedEvent event) {
        return filter == null || filter.accepts(event);
    }

    @Nullable
    String nameOf(String type) {
        return named ? type : null;
    }
}
