package chat.parley.sendapi;

import chat.parley.account.Accounts;
import chat.parley.conversation.ConversationChanges;
import chat.parley.conversation.ConversationCreation;
import chat.parley.conversation.Conversations;
import chat.parley.event.EventLog;
import chat.parley.id.IdSource;
import chat.parley.message.PostgresMessageStore;
import chat.parley.ops.Health;
import chat.parley.ops.Meters;
import chat.parley.ops.MonotonicClock;
import chat.parley.ops.PrivateServer;
import chat.parley.ops.Shutdown;
import chat.parley.outbox.Outbox;
import chat.parley.postgres.Postgres;
import chat.parley.push.PushQueue;
import chat.parley.redis.Redis;
import chat.parley.sendapi.account.AccountRoutes;
import chat.parley.sendapi.conversation.ChangeConversation;
import chat.parley.sendapi.conversation.ConversationNews;
import chat.parley.sendapi.conversation.ConversationRoutes;
import chat.parley.sendapi.conversation.CreateConversation;
import chat.parley.sendapi.conversation.MemberRoutes;
import chat.parley.sendapi.http.Browsers;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.JettyProblems;
import chat.parley.sendapi.idempotency.Idempotency;
import chat.parley.sendapi.idempotency.IdempotencyCleanup;
import chat.parley.sendapi.idempotency.IdempotencyKeys;
import chat.parley.sendapi.message.History;
import chat.parley.sendapi.message.MessageNews;
import chat.parley.sendapi.message.MessageRoutes;
import chat.parley.sendapi.message.SendLimit;
import chat.parley.sendapi.message.SendMessage;
import chat.parley.sendapi.relay.Relay;
import com.github.benmanes.caffeine.cache.Ticker;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process that takes requests: wiring and main. Opens in the order of the lines and closes in reverse. Stateless, so any number of them
 * may run over the same stores.
 */
public final class SendApi implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SendApi.class);

    /** Longest request line and headers together; ours need under 2 KB, a token up to 4 KB. */
    private static final int HEADER_BYTES_MAX = 16 * 1024;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final Javalin server;
    private final @Nullable PrivateServer metrics;
    private volatile boolean leaving;

    private SendApi(SendApiSettings settings, @Nullable Neighbour neighbour) {
        var random = new SecureRandom();
        var health = neighbour == null ? new Health() : neighbour.health();
        var meters = neighbour == null ? opened(new Meters()) : neighbour.meters();
        var postgres =
                opened(Postgres.open(settings.postgres(), settings.bounds().connections()));
        health.part("postgres", postgres::complaint);
        postgres.migrate();
        var redis = opened(Redis.open(settings.redis(), settings.bounds().connections()));
        health.part("redis", redis::complaint);

        var clock = new MonotonicClock(Clock.systemUTC());
        var conversations = new Conversations(postgres);
        conversations.newestTime().ifPresent(clock::notBefore);
        var ids = new IdSource(Clock.systemUTC(), random);
        var outbox = opened(new Outbox(postgres, meters.registry()));
        var pushes = opened(new PushQueue(redis, meters.registry()));
        var events = opened(new EventLog(redis, clock, meters.registry()));
        // Closed first of these four: appends under way are still published, queued and forgotten.
        var messages = opened(new PostgresMessageStore(postgres, clock, meters.registry()));
        var accounts = opened(Accounts.open(settings.accounts(), postgres, ids, clock, meters.registry()));
        var browsers = new Browsers(settings.browsers());
        var accountRoutes = AccountRoutes.over(accounts, events, browsers, meters.registry());

        var keys = new IdempotencyKeys(postgres, clock, random);
        opened(new IdempotencyCleanup(keys));
        var news = new ConversationNews(conversations, events, outbox);
        var change = new ChangeConversation(accounts.users(), new ConversationChanges(postgres, clock), news);
        var create = new CreateConversation(
                accounts.users(), new ConversationCreation(postgres, clock), conversations, news);
        var idempotency = new Idempotency(keys, ids);
        var conversationRoutes = new ConversationRoutes(conversations, messages, create, change, idempotency);
        var memberRoutes = new MemberRoutes(conversations, change, idempotency);

        var messageRoutes = new MessageRoutes(
                new SendMessage(conversations, messages, new MessageNews(events, pushes, outbox)),
                new History(conversations, messages),
                new SendLimit(settings.bounds().sendsPerMinute(), Ticker.systemTicker()));

        opened(new Relay(outbox, messages, conversations, events, pushes, clock, meters.registry()).start());

        var edge = new Edge(accounts.authenticator(), browsers, meters.registry(), random);
        var ops = new OpsRoutes(health, () -> leaving);
        metrics = settings.metricsPort() == null
                ? null
                : opened(PrivateServer.start(settings.host(), settings.metricsPort(), meters.registry()));
        server = Javalin.create(config -> {
            serverSettings(config, settings, neighbour);
            edge.install(config.routes);
            Routes.install(config.routes, ops, accountRoutes, conversationRoutes, memberRoutes, messageRoutes);
        });
    }

    /** Runs until told to end; settings come from the environment. */
    static void main() throws Exception {
        var settings = SendApiSettings.from(System.getenv()); // a bad setting stops here, before anything opens
        try (var shutdown = new Shutdown();
                var api = SendApi.start(settings, null)) {
            LOG.info("send-api listens on {}:{}", settings.host(), api.port());
            shutdown.await();
        }
    }

    /**
     * Starts to serve.
     *
     * @param neighbour another service on the same port; null in a process of its own
     */
    public static SendApi start(SendApiSettings settings, @Nullable Neighbour neighbour) {
        var api = new SendApi(settings, neighbour);
        api.server.start();
        return api;
    }

    /** The public port in use. */
    public int port() {
        return server.port();
    }

    /** The port of {@code /metrics}, or -1. */
    public int metricsPort() {
        return metrics == null ? -1 : metrics.port();
    }

    /** From now on {@code /readyz} says that this process leaves; requests are still served. */
    public void leave() {
        leaving = true;
    }

    @Override
    public void close() throws Exception {
        leaving = true;
        server.stop();
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        opened.push(part);
        return part;
    }

    private static void serverSettings(JavalinConfig config, SendApiSettings settings, @Nullable Neighbour neighbour) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.concurrency.useVirtualThreads = true;
        config.http.prefer405over404 = true;
        config.jetty.host = settings.host();
        config.jetty.port = settings.port();
        config.jetty.modifyHttpConfiguration(http -> {
            http.setRequestHeaderSize(HEADER_BYTES_MAX);
            http.setSendServerVersion(false);
            http.setHttpCompliance(HttpCompliance.RFC7230);
        });
        config.jetty.modifyServer(jetty -> {
            jetty.setErrorHandler(new JettyProblems());
            if (neighbour != null) {
                jetty.setHandler(new Handler.Sequence(neighbour.handler())); // Javalin adds itself behind
            }
        });
        if (neighbour != null) {
            config.jetty.addConnector((jetty, http) -> {
                var connector = new ServerConnector(jetty, new HttpConnectionFactory(http));
                connector.setHost(settings.host());
                connector.setPort(settings.port());
                neighbour.connector().accept(connector);
                return connector;
            });
        }
        WebPage.serve(config.staticFiles);
    }
}
