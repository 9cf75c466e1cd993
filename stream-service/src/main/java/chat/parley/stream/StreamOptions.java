package chat.parley.stream;

import chat.parley.event.EncodedEvent;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a client wants its stream. Most want the default, so most connections share one object.
 *
 * @param heartbeat after this long without a byte, one is sent
 * @param heartbeatEvents heartbeats are events instead of comments, for pages that watch them
 * @param named false: every event is a plain {@code message} event
 * @param filter null: everything
 * @param idle nobody looks at it: what is not urgent waits longer, and what is not stored is left out
 */
record StreamOptions(
        Duration heartbeat,
        boolean heartbeatEvents,
        boolean named,
        @Nullable Filter filter,
        boolean idle) {
    static final Duration HEARTBEAT = Duration.ofSeconds(25);

    /** Ticks that an event may wait for company; both are the contract's. */
    static final int HOLD_TICKS = 2;

    static final int HOLD_TICKS_IDLE = 30;

    private static final List<StreamOptions> USUAL = List.of(
            new StreamOptions(HEARTBEAT, false, true, null, false),
            new StreamOptions(HEARTBEAT, true, true, null, false),
            new StreamOptions(HEARTBEAT, false, true, null, true));

    /** The shared object where there is one. */
    StreamOptions shared() {
        int usual = USUAL.indexOf(this);
        return usual < 0 ? this : USUAL.get(usual);
    }

    /** How many seconds an event that is not urgent may wait for company. */
    int holdTicks() {
        return idle ? HOLD_TICKS_IDLE : HOLD_TICKS;
    }

    boolean accepts(EncodedEvent event) {
        return filter == null || filter.accepts(event);
    }

    @Nullable
    String nameOf(String type) {
        return named ? type : null;
    }
}
