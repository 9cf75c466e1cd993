package chat.parley.systemtests.history;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What one device saw, in its order. One thread adds; any thread reads. */
public final class Trace {
    /** One thing a device saw. */
    sealed interface Observation {
        /** A connection opened. */
        record Ready(String resumed, boolean hadCursor) implements Observation {}

        /** A message came by the stream. */
        record Received(Seen message) implements Observation {}

        /** The stream said that it cannot fill the gap. */
        record Reset() implements Observation {}

        /** After a reset the device read this message from history, as the contract tells it to. */
        record Loaded(Seen message) implements Observation {}
    }

    private final String device;
    private final String user;
    private final List<Observation> observations = new ArrayList<>();
    private final Set<Place> held = ConcurrentHashMap.newKeySet();

    private record Place(String conversation, long seq) {}

    Trace(String device, String user) {
        this.device = device;
        this.user = user;
    }

    /** The stream said how it resumed. */
    public void ready(String resumed, boolean hadCursor) {
        add(new Observation.Ready(resumed, hadCursor));
    }

    /** A message came by the stream. */
    public void received(Seen message) {
        add(new Observation.Received(message));
        held.add(new Place(message.conversation(), message.seq()));
    }

    /** The stream said that it cannot fill the gap. */
    public void reset() {
        add(new Observation.Reset());
    }

    /** A message was read from history after a reset. */
    public void loaded(Seen message) {
        add(new Observation.Loaded(message));
        held.add(new Place(message.conversation(), message.seq()));
    }

    /** Whether the device has the message, from wherever. */
    public boolean has(String conversation, long seq) {
        return held.contains(new Place(conversation, seq));
    }

    /** How often the stream resumed in this way. */
    public synchronized long resumed(String how) {
        return observations.stream()
                .filter(o ->
                        o instanceof Observation.Ready ready && ready.resumed().equals(how))
                .count();
    }

    /** The messages that came by the stream, in the order of their arrival, repeated ones too. */
    public synchronized List<Seen> messages() {
        return observations.stream()
                .filter(Observation.Received.class::isInstance)
                .map(o -> ((Observation.Received) o).message())
                .toList();
    }

    String device() {
        return device;
    }

    String user() {
        return user;
    }

    synchronized List<Observation> observations() {
        return List.copyOf(observations);
    }

    private synchronized void add(Observation observation) {
        observations.add(observation);
    }
}
