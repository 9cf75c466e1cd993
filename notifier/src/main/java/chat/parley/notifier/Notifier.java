package chat.parley.notifier;

import chat.parley.message.MessageStores;
import chat.parley.ops.Health;
import chat.parley.ops.Meters;
import chat.parley.ops.PrivateServer;
import chat.parley.ops.Rounds;
import chat.parley.ops.Shutdown;
import chat.parley.postgres.Postgres;
import chat.parley.presence.PresenceLeases;
import chat.parley.push.BackgroundHints;
import chat.parley.push.Devices;
import chat.parley.push.PushJobs;
import chat.parley.push.ShownPushes;
import chat.parley.push.VapidKeys;
import chat.parley.push.Vendor;
import chat.parley.redis.Redis;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process that wakes people: wiring and main. Any number of them may run over the same stores. */
public final class Notifier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);

    /** Set-aside jobs that are shown: enough to see what they have in common. */
    private static final int SET_ASIDE_SHOWN = 100;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final @Nullable PrivateServer server;

    private Notifier(NotifierSettings settings, @Nullable Meters shared, Health health) {
        var meters = shared == null ? opened(new Meters()) : shared;
        var registry = meters.registry();
        var clock = Clock.systemUTC();
        var postgres = opened(Postgres.open(settings.postgres(), settings.connections()));
        health.part("postgres", postgres::complaint);
        postgres.migrate(); // whichever process comes first
        var redis = opened(Redis.open(settings.redis(), settings.connections()));
        health.part("redis", redis::complaint);
        // Only read from: its meters would stand in the place of those of the store that is written to, in a process
        // that has both.
        var messages = opened(MessageStores.connect(settings.messages(), health, opened::push)
                .open(new MessageStores.Ground(postgres, null, clock, new CompositeMeterRegistry())));

        var jobs = new PushJobs(redis);
        var devices = new Devices(postgres, clock);
        var hints = new BackgroundHints(redis);
        var mending = new HintMending(devices, hints);
        opened(new Rounds("hint-mending", HintMending.PAUSE, mending::look)).start();
        var reader = new FactsReader(postgres, messages, devices, new PresenceLeases(redis, clock), clock);
        var work = new PushWork(
                jobs,
                new PushDecision(settings.previews()),
                lanes(settings, postgres, clock, registry),
                new PushWork.Stores(devices, hints, new ShownPushes(redis)),
                clock,
                registry);
        var worker = opened(new PushWorker(jobs, reader, work, registry));
        health.part("push-queue", () -> worker.isConnected() ? null : "not connected");
        server = settings.port() == null
                ? null
                : opened(PrivateServer.start(settings.host(), settings.port(), registry, health));
        if (server != null) {
            server.list("/push/aside", () -> jobs.setAside(SET_ASIDE_SHOWN));
        }
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

    /** Starts to work. PostgreSQL must be there, Redis may come later. */
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

    /** The port of {@code /livez}, {@code /readyz}, {@code /metrics} and {@code /push/aside}, or -1. */
    public int port() {
        return server == null ? -1 : server.port();
    }

    @Override
    public void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    /** One for each vendor, also for those that are switched off. */
    private Map<Vendor, VendorLane> lanes(
            NotifierSettings settings, Postgres postgres, Clock clock, MeterRegistry meters) {
        var lanes = new EnumMap<Vendor, VendorLane>(Vendor.class);
        for (var vendor : Vendor.values()) {
            var sender = sender(vendor, settings, postgres, clock, meters);
            LOG.info("pushes by {} are {}", vendor.text(), sender == null ? "off: no credentials are set" : "on");
            lanes.put(vendor, opened(new VendorLane(vendor, sender, clock, meters)));
        }
        return lanes;
    }

    private static @Nullable PushSender sender(
            Vendor vendor, NotifierSettings settings, Postgres postgres, Clock clock, MeterRegistry meters) {
        return switch (vendor) {
            case FCM -> settings.fcm() == null ? null : settings.fcm().open(clock, meters);
            case APNS -> settings.apns() == null ? null : settings.apns().open(meters);
            case WEB_PUSH -> new WebPushSender(settings.webPush(), new VapidKeys(postgres, clock), clock);
        };
    }

    private <T extends AutoCloseable> T opened(T part) {
        opened.push(part);
        return part;
    }
}
