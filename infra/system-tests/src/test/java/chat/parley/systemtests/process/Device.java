package chat.parley.systemtests.process;

import chat.parley.systemtests.history.Trace;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * One device of a person: holds the stream, comes back with its cursor whenever it is cut, and after a reset reads history, as the contract
 * tells every client to. It records everything.
 */
public final class Device implements AutoCloseable {
    /** Sooner than the {@code retry:} the stream asks for: the tests have less patience than a browser. */
    private static final Duration RECONNECT_AFTER = Duration.ofMillis(100);

    private static final Duration LIVE_MAX = Duration.ofSeconds(30);

    private final Person person;
    private final Trace trace;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicInteger caughtUp = new AtomicInteger();
    private final Thread reader;
    private volatile String lastEventId = "";
    private volatile @Nullable Throwable failure;

    private Device(Person person, Trace trace) {
        this.person = person;
        this.trace = trace;
        this.reader = Thread.ofVirtual().unstarted(this::read);
    }

    /** Connects and returns when the device is live. */
    public static Device connect(Person person, Trace trace) {
        var device = new Device(person, trace);
        device.reader.start();
        device.awaitCaughtUp(1);
        return device;
    }

    /** What it saw. */
    public Trace trace() {
        return trace;
    }

    /** How often it went live. */
    public int caughtUp() {
        return caughtUp.get();
    }

    /** Where it would resume. */
    public String lastEventId() {
        return lastEventId;
    }

    /** Returns when it went live so often. */
    public void awaitCaughtUp(int times) {
        Awaitility.await("device of " + person.username() + " is live")
                .atMost(LIVE_MAX)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> failed() || caughtUp.get() >= times);
    }

    /** Fails the test where the server said what no server may say. */
    private boolean failed() {
        var thrown = failure;
        if (thrown != null) throw new AssertionError("the device of " + person.username() + " failed", thrown);
        return false;
    }

    @Override
    public void close() throws InterruptedException {
        closed.countDown();
        reader.interrupt();
        reader.join();
        failed();
    }

    private void read() {
        try {
            do {
                try {
                    readOneConnection();
                } catch (IOException cut) {
                    // What these tests cause; the loop resumes.
                }
            } while (!closed.await(RECONNECT_AFTER.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            if (closed.getCount() > 0) failure = e;
        } catch (RuntimeException | AssertionError e) {
            failure = e;
        }
    }

    private void readOneConnection() throws IOException, InterruptedException {
        var hadCursor = !lastEventId.isEmpty();
        var answer = person.api().openStream(person.token(), lastEventId);
        try (var in = answer.body()) {
            if (answer.statusCode() >= 500) return;
            if (answer.statusCode() != 200) throw new AssertionError("the stream answered " + answer.statusCode());
            var reader = new SseReader(in);
            for (SseReader.Event event; (event = reader.next()) != null; ) {
                take(event, hadCursor);
                if (!reader.lastEventId().isEmpty()) lastEventId = reader.lastEventId();
            }
        }
    }

    private void take(SseReader.Event event, boolean hadCursor) throws IOException, InterruptedException {
        var data = Api.json(event.data()).path("data");
        switch (event.type()) {
            case "stream.ready" -> trace.ready(data.get("resumed").asText(), hadCursor);
            case "stream.caught_up" -> caughtUp.incrementAndGet();
            case "stream.reset" -> {
                trace.reset();
                reload();
            }
            case "message.created" -> trace.received(Person.seen(data));
            default -> {} // clients ignore what they do not know
        }
    }

    /** Repeats until it works: a device that was told to reload does not give up either. */
    private void reload() throws InterruptedException {
        while (true) {
            try {
                for (var conversation : person.conversations()) {
                    for (var message : person.history(conversation)) trace.loaded(message);
                }
                return;
            } catch (IOException e) {
                if (closed.await(RECONNECT_AFTER.toMillis(), TimeUnit.MILLISECONDS)) return;
            }
        }
    }
}
