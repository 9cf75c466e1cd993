package chat.parley.stream;

import chat.parley.account.Accounts;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.LargeGroups;
import chat.parley.event.EventLog;
import chat.parley.event.GroupLog;
import chat.parley.id.IdRanges;
import chat.parley.id.IdSource;
import chat.parley.message.MessageStores;
import chat.parley.ops.Health;
import chat.parley.ops.Meters;
import chat.parley.ops.Shutdown;
import chat.parley.postgres.Postgres;
import chat.parley.presence.PresenceAudience;
import chat.parley.presence.PresenceLeases;
import chat.parley.redis.Redis;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.component.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process that holds the streams: wiring and main. Opens in the order of the lines and closes in reverse. Stateless, so any number of them
 * may run over the same stores, and every one resumes every cursor.
 */
public final class StreamService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamService.class);

    /**
     * The kernel's send buffer of a connection: more than a page of events, and little enough that ten thousand clients that stopped reading
     * cost a gigabyte less than by default.
     */
    private static final int SEND_BUFFER_BYTES = 16 * 1024;

    /** How long streams may take to be gone after the last was told to. */
    private static final Duration DRAIN_GRACE = Duration.ofSeconds(3);

    private static final Duration TICK = Duration.ofSeconds(1);

    /** Tells the nodes that ever ran apart well enough, and stands with every person in Redis. */
    private static final int NODE_NAME_BYTES = 4;

    /** A fourth of the connections rebuilds streams, a half resumes those that Redis still tells, and the rest is for who connects and is live. */
    private static final int REBUILDS_SHARE = 4;

    private static final int WINDOW_SHARE = 2;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final SubscriberRegistry registry;
    private final Heartbeats heartbeats = new Heartbeats();
    private final StreamHandler handler;
    private final Groups groups;
    private final Drain drain;
    private final @Nullable PresenceWatch presence;

    private StreamService(StreamSettings settings, MeterRegistry meters, Health health) {
        var clock = Clock.systemUTC();
        var random = new SecureRandom();
        var postgres = opened(Postgres.open(settings.postgres(), settings.poolSize()));
        health.part("postgres", postgres::complaint);
        postgres.migrate(); // whichever process comes first
        var redis = opened(Redis.open(settings.redis(), settings.poolSize()));
        health.part("redis", redis::complaint);
        var log = opened(new EventLog(redis, clock, meters));
        var messages = opened(MessageStores.connect(settings.messages(), health, opened::push)
                .open(new MessageStores.Ground(postgres, null, clock, meters)));
        // For people of outside issuers who come here first; others are made elsewhere.
        var ranges = new IdRanges(postgres, meters);
        health.part("ids", ranges::complaint);
        var ids = new IdSource(ranges::grant, System::nanoTime);
        var accounts = opened(Accounts.open(settings.accounts(), postgres, ids, clock, meters));
        var conversations = new Conversations(postgres, messages);

        ExecutorService blocking = opened(Executors.newVirtualThreadPerTaskExecutor());
        var limits = settings.limits();
        registry = new SubscriberRegistry(limits.perUser());
        drain = new Drain(registry, limits.drain());
        health.part("stream", () -> drain.hasBegun() ? "leaving" : null);
        var streamMeters = new StreamMeters(meters);
        var admission = new Admission(limits.connections(), limits.perAddress());
        streamMeters.connections(admission::open);
        var feed = opened(new LiveFeed(redis, log, registry, streamMeters));
        health.part("feed", () -> feed.isConnected() ? null : "not connected");

        var history = new HistoryReads(conversations, messages, share(settings, REBUILDS_SHARE), streamMeters);
        var rebuilds = new Rebuilds(Rebuilds.Limits.DEFAULT, streamMeters, System::nanoTime);
        var window = new RedisWindow(log, messages, conversations);
        var past = new Past(window, new StoredHistory(history), rebuilds, share(settings, WINDOW_SHARE), clock);
        var groupLog = new GroupLog(redis);
        var large = new LargeGroups(postgres);
        var groupReads = new GroupReads(large, groupLog, messages, conversations, blocking);
        groups = new Groups(registry, groupReads, large, groupLog, messages, blocking, clock, streamMeters);
        var sources = new GroupReplay.Sources(groupReads, large, conversations, history, rebuilds);
        CatchUp.Followed followed =
                (user, live) -> new GroupReplay(sources, user, live ? groups.follow(user) : groupReads.of(user));
        var catchUp = new CatchUp(past, followed);
        var node = new Node(
                registry,
                admission,
                heartbeats,
                new StreamEvents(clock),
                streamMeters,
                clock,
                new Node.Retries(new Random(random.nextLong())),
                behind -> blocking.execute(() -> catchUp.again(behind)));
        var arrivals = new Arrivals(catchUp, past, new Arrivals.Stores(log::server, groups::withoutAny), blocking);
        handler = new StreamHandler(
                accounts.authenticator(),
                node,
                arrivals,
                new LongPoll(past, followed, node, blocking),
                new Problems(new Random(random.nextLong())),
                blocking,
                new StreamHandler.State(drain::hasBegun, feed::isConnected, settings.trustProxy(), limits));
        presence = settings.presence() ? presence(log, redis, postgres, clock, random, meters) : null;
        startClocks(new SessionWatch(registry, accounts.sessions()::endedAmong), blocking);
        feed.start();
    }

    /** Runs until told to end; settings come from the environment. */
    static void main() throws Exception {
        var settings = StreamSettings.from(System.getenv()); // a bad setting stops here, before anything opens
        var health = new Health();
        try (var shutdown = new Shutdown();
                var meters = new Meters();
                var service = open(settings, meters.registry(), health);
                var server = StreamServer.start(settings.server(), service, meters, health)) {
            LOG.info("stream-service listens on {}:{}", settings.server().host(), server.port());
            shutdown.await();
            service.drain();
        }
    }

    /**
     * Opens the stores and begins to listen to Redis; serves nothing yet.
     *
     * @param meters of this process
     * @param health gets the parts of this service
     */
    public static StreamService open(StreamSettings settings, MeterRegistry meters, Health health) {
        return new StreamService(settings, meters, health);
    }

    /** Answers {@code /v1/stream} and passes everything else on: put it before the handler of another service, in one server. */
    public Handler handler() {
        return handler;
    }

    /** Prepares a connector, before it is started, for connections that stay: small send buffers, and no patience with clients that vanished. */
    public static void prepare(ServerConnector connector) {
        connector.setAcceptedSendBufferSize(SEND_BUFFER_BYTES);
        connector.addEventListener(new LifeCycle.Listener() {
            @Override
            public void lifeCycleStarted(LifeCycle started) {
                VanishedClients.giveUpOn(connector.getLocalPort());
            }
        });
    }

    private PresenceWatch presence(
            EventLog log, Redis redis, Postgres postgres, Clock clock, SecureRandom random, MeterRegistry meters) {
        var presenceMeters = new PresenceMeters(meters);
        var leases = new PresenceLeases(redis, clock);
        var announcer = new PresenceAnnouncer(leases, new PresenceAudience(postgres), log, clock, presenceMeters);
        byte[] name = new byte[NODE_NAME_BYTES];
        random.nextBytes(name);
        return new PresenceWatch(
                registry, leases, announcer, HexFormat.of().formatHex(name), log::isBusy, presenceMeters);
    }

    /** Takes no new streams and ends the open ones, spread over the window of the settings. Blocks until they are gone. */
    public void drain() throws InterruptedException {
        if (presence != null) {
            presence.leave();
        }
        drain.begin();
        drain.await(DRAIN_GRACE);
    }

    /** Streams still open are ended by the closing of the server. */
    @Override
    public void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    private void startClocks(SessionWatch sessions, Executor blocking) {
        ScheduledExecutorService clocks = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("stream-clock").daemon().factory());
        var repeated = new ArrayList<Future<?>>();
        opened.push(() -> {
            repeated.forEach(work -> work.cancel(false));
            clocks.shutdownNow();
        });
        repeated.add(clocks.scheduleAtFixedRate(this::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS));
        repeated.add(clocks.scheduleAtFixedRate(
                () -> blocking.execute(groups::tick), TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS));
        var watch = presence;
        if (watch != null) {
            repeated.add(clocks.scheduleAtFixedRate(
                    () -> blocking.execute(watch::tick), TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS));
        }
        long every = SessionWatch.EVERY.toMillis();
        repeated.add(clocks.scheduleWithFixedDelay(
                () -> blocking.execute(sessions::look), every, every, TimeUnit.MILLISECONDS));
    }

    /** An exception that came through would stop the clock without a word. */
    private void tick() {
        try {
            heartbeats.tick();
        } catch (RuntimeException e) {
            LOG.error("a tick failed; the next one goes on", e);
        }
    }

    private static int share(StreamSettings settings, int part) {
        return Math.max(1, settings.poolSize() / part);
    }

    private <T extends AutoCloseable> T opened(T part) {
        opened.push(part);
        return part;
    }
}
