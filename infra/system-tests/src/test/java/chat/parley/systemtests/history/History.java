package chat.parley.systemtests.history;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Everything recorded in one run. Safe for use by many threads. */
public final class History {
    private final Queue<Attempt> attempts = new ConcurrentLinkedQueue<>();
    private final Queue<Trace> traces = new ConcurrentLinkedQueue<>();

    /** Notes a request to send and what came of it. */
    public void attempted(Attempt attempt) {
        attempts.add(attempt);
    }

    /** Begins the record of a device. It must be connected before the messages that it is expected to have. */
    public Trace device(String device, String user) {
        var trace = new Trace(device, user);
        traces.add(trace);
        return trace;
    }

    /** All requests so far. */
    public List<Attempt> attempts() {
        return List.copyOf(attempts);
    }

    /** How many different messages were acknowledged so far. */
    public long acknowledged() {
        return attempts.stream()
                .filter(a -> a.outcome() == Outcome.OK)
                .map(Attempt::acknowledged)
                .distinct()
                .count();
    }

    /** The records of all devices. */
    public List<Trace> traces() {
        return List.copyOf(traces);
    }
}
