package chat.parley.notifier;

import chat.parley.ops.Health;
import chat.parley.ops.Meters;
import chat.parley.ops.PrivateServer;
import chat.parley.ops.Shutdown;
import chat.parley.push.PushJobs;
import chat.parley.redis.Redis;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process that works on push jobs: wiring and main. Any number of them may run over the same Redis. */
public final class Notifier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);

    /** The worker has a connection of its own; the pool serves health checks. */
    private static final int CONNECTIONS = 2;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final @Nullable PrivateServer server;

    private Notifier(NotifierSettings settings, @Nullable Meters shared, Health health) {
        var meters = shared == null ? opened(new Meters()) : shared;
        var redis = opened(Redis.open(settings.redis(), CONNECTIONS));
        health.part("redis", redis::complaint);
        // A name of its own for each start: jobs in the hands of a worker that died are taken over, never mistaken for
        // one's own.
        var jobs = new PushJobs(redis, UUID.randomUUID().toString());
        var worker = opened(new PushWorker(jobs, meters.registry()));
        health.part("push-queue", () -> worker.isConnected() ? null : "not connected");
        server = settings.port() == null
                ? null
                : opened(PrivateServer.start(settings.host(), settings.port(), meters.registry(), health));
    }

    /** Runs until told to end; settings come from the environment. */
    static void main() throws Exception {
        var settings = NotifierSettings.from(System.getenv()); // a bad setting stops here, before anything opens
        try (var shutdown = new Shutdown();
                var notifier = Notifier.start(settings)) {
            LOG.info("notifier works, port {}", notifier.port());
            shutdown.await();
        }
    }

    /** Starts to work; Redis does not need to be there yet. */
    public static Notifier start(NotifierSettings settings) {
        return new Notifier(settings, null, new Health());
    }

    /**
     * As {@link #start(NotifierSettings)}, in a process that runs other services too.
     *
     * @param meters of that process, which closes them
     * @param health of that process; gets our parts
     */
    public static Notifier start(NotifierSettings settings, Meters meters, Health health) {
        return new Notifier(settings, meters, health);
    }

    /** The port of {@code /livez}, {@code /readyz} and {@code /metrics}, or -1. */
    public int port() {
        return server == null ? -1 : server.port();
    }

    @Override
    public void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        opened.push(part);
        return part;
    }
}
