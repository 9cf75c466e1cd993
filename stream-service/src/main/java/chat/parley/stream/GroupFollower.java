package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.event.EncodedEvent;
import chat.parley.id.ConversationId;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.eclipse.jetty.io.EndPoint;
import org.jspecify.annotations.Nullable;

/**
 * The part of a stream that concerns large groups. Their events come without ids; the time of the newest one is told by an id of its own now and then, so
 * that a client that comes back is told them again from a little before it.
 *
 * <p>A part of the connection's own object, as {@link Outgoing} is, and guarded by the same monitor.
 */
abstract class GroupFollower extends Outgoing {
    /** Events are handed on as they come; else they are read from the groups' streams. */
    private boolean groupsLive;
    /** One came that was not handed on. */
    private boolean groupsOwed;
    /** Since when some may have been missed; 0: none. */
    private long groupsMissedMillis;
    /** Ids tell no later time, as something from then on is still to be told; 0: nothing is. */
    private long groupsOwedMillis;
    /** Groups whose events do not come, and since when; mostly none. */
    private Map<ConversationId, Long> groupsAway = Map.of();
    /** The time of the newest event. */
    private long groupMillis;
    /** Since when the client's last event id is behind that; 0: it is not. */
    private int groupIdTick;

    private final StreamOptions options;

    GroupFollower(Node node, EndPoint endPoint, StreamAnswer answer, StreamOptions options) {
        super(node, endPoint, answer);
        this.options = options;
    }

    /** How the client wants its stream. */
    final StreamOptions options() {
        return options;
    }

    /** The place in the person's own stream. */
    abstract Cursor position();

    /** Whether ids may be told now. */
    abstract boolean isBeating();

    /** Reads again what was missed. */
    public abstract void missed();

    /** An event was published. */
    public final synchronized void deliverGroup(Delivery delivery) {
        if (!groupsLive || !isOpen()) {
            groupsOwed = true;
            return;
        }
        noteGroupTime(delivery.event().timeMillis());
        writeGroup(delivery);
        // Where others are never silent there is no heartbeat that would tell it.
        boolean isDue = groupIdTick != 0
                && node().heartbeats().now() - groupIdTick
                        >= options.heartbeat().toSeconds();
        if (isDue && isBeating()) {
            write(SseWriter.id(told()));
            idTold();
        }
    }

    private void writeGroup(Delivery delivery) {
        var frame = frameOf(delivery);
        if (frame != null && delivery.urgency() == Urgency.NOW) {
            write(frame);
        } else if (frame != null) {
            hold(frame, options.holdTicks());
        }
        node().meters().delivered(frame == null ? 0 : 1);
    }

    /** Null for what the client does not want, and for what cannot be written: that is set aside, or it would end every stream it is sent to. */
    final @Nullable ByteBuffer frameOf(Delivery delivery) {
        if (!options.accepts(delivery.event())) {
            return null;
        }
        try {
            return delivery.frame(options);
        } catch (IllegalArgumentException e) {
            node().meters().poisoned();
            return null;
        }
    }

    /** As {@link #frameOf(Delivery)}, of a replay. */
    final @Nullable ByteBuffer frameOf(@Nullable Cursor id, EncodedEvent event) {
        if (!options.accepts(event)) {
            return null;
        }
        try {
            return SseWriter.event(id, options.nameOf(event.type()), event.json());
        } catch (IllegalArgumentException e) {
            node().meters().poisoned();
            return null;
        }
    }

    /** Events may have been lost since then. */
    public final synchronized void missedGroups(long sinceMillis) {
        groupsLive = false;
        groupsOwed = true;
        groupsMissedMillis = groupsMissedMillis == 0 ? sinceMillis : Math.min(groupsMissedMillis, sinceMillis);
        oweGroups(sinceMillis);
        missed();
    }

    /** What is said from then on is to be told before ids tell a later time: a client that is cut off meanwhile has to be told it again. */
    final synchronized void oweGroups(long sinceMillis) {
        long since = Math.max(1, sinceMillis);
        groupsOwedMillis = groupsOwedMillis == 0 ? since : Math.min(groupsOwedMillis, since);
    }

    /** Events of one group do not come since then: ids tell no later time either. */
    public final synchronized void groupAway(ConversationId conversation, long sinceMillis) {
        if (!groupsAway.containsKey(conversation)) {
            groupsAway = new HashMap<>(groupsAway);
            groupsAway.put(conversation, sinceMillis);
        }
    }

    /** They come again, and those that did not came. */
    public final synchronized void groupBack(ConversationId conversation) {
        if (groupsAway.containsKey(conversation)) {
            groupsAway = new HashMap<>(groupsAway);
            groupsAway.remove(conversation);
            oweId();
        }
    }

    /** The id of a place in the person's own stream, as it may be told now. */
    final synchronized Cursor idOf(Cursor own) {
        if (groupsOwedMillis == 0 && groupsAway.isEmpty()) {
            return own;
        }
        long latest = groupsOwedMillis == 0 ? Long.MAX_VALUE : groupsOwedMillis;
        for (long since : groupsAway.values()) {
            latest = Math.min(latest, since);
        }
        return own.timeMillis() > latest ? own.withTime(latest) : own;
    }

    private void oweId() {
        groupIdTick = Math.max(1, node().heartbeats().now());
    }

    /** Whether events are handed on at once. */
    public final synchronized boolean isFollowingGroups() {
        return groupsLive;
    }

    /** Since when events may have been missed; asked by who is about to read them. */
    final synchronized long groupsMissedSince() {
        long since = groupsMissedMillis;
        groupsMissedMillis = 0;
        groupsOwed = false;
        return since;
    }

    /** What is published from now on is handed on at once; false where something came that is to be read first. */
    final synchronized boolean followGroups() {
        if (groupsOwed) {
            groupsOwed = false;
            return false;
        }
        groupsLive = true;
        if (groupsOwedMillis != 0) {
            groupsOwedMillis = 0;
            oweId();
        }
        return true;
    }

    /** Where the client may go on: its place in its own stream, and the time up to which it has events of large groups. */
    final synchronized Cursor told() {
        var own = position();
        return idOf(groupMillis <= own.timeMillis() ? own : own.withTime(groupMillis));
    }

    final synchronized void noteGroupTime(long millis) {
        groupMillis = Math.max(groupMillis, millis);
        if (groupIdTick == 0 && groupMillis > position().timeMillis()) {
            groupIdTick = Math.max(1, node().heartbeats().now());
        }
    }

    final boolean isGroupTimeOwed() {
        return groupIdTick != 0;
    }

    /** The client's last event id is {@link #told}. */
    void idTold() {
        groupIdTick = 0;
    }
}
