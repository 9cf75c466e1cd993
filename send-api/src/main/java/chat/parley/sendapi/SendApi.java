package chat.parley.sendapi;

import chat.parley.ops.Health;
import chat.parley.ops.Meters;
import chat.parley.ops.PrivateServer;
import chat.parley.ops.Shutdown;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.AsyncRoutes;
import chat.parley.sendapi.http.Browsers;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.JettyProblems;
import chat.parley.sendapi.http.LingeringClose;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import jakarta.servlet.DispatcherType;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.ThreadPool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process that takes requests: server and main; {@link Stores} and {@link Features} are its wiring. Stateless, so any number of them
 * may run over the same stores.
 */
public final class SendApi implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SendApi.class);

    /** Longest request line and headers together; ours need under 2 KB, a token up to 4 KB. */
    private static final int HEADER_BYTES_MAX = 16 * 1024;

    /** Until balancers that ask every second or two have noticed, and clients have let go of their connections. */
    private static final Duration NOTICE = Duration.ofSeconds(3);

    /** Longest that requests under way are waited for: later than the deadline within which all but large uploads are answered. */
    private static final Duration FINISH_MOST = Duration.ofSeconds(10);

    /** Requests that wait for stores, a virtual thread each. */
    private static final Executor THREADS =
            task -> Thread.ofVirtual().name("request").start(task);

    /** For Jetty's own work, which never waits: accepting, and reading from many connections by each thread. */
    private static final int JETTY_THREADS_MAX = 64;

    private final @Nullable Meters ownMeters;
    private final Stores stores;
    private final Javalin server;
    private final @Nullable PrivateServer metrics;
    private volatile boolean leaving;

    private SendApi(SendApiSettings settings, @Nullable Neighbour neighbour) {
        var health = neighbour == null ? new Health() : neighbour.health();
        var meters = neighbour == null ? new Meters() : neighbour.meters();
        ownMeters = neighbour == null ? meters : null;
        stores = new Stores(settings, health, meters.registry());
        var browsers = new Browsers(settings.browsers());
        var features = new Features(stores, settings, browsers);
        var edge = new Edge(
                stores.accounts.authenticator(),
                browsers,
                meters.registry(),
                () -> ThreadLocalRandom.current().nextLong());
        var ops = new OpsRoutes(health, () -> leaving);
        metrics = settings.metricsPort() == null
                ? null
                : stores.opened(PrivateServer.start(settings.host(), settings.metricsPort(), meters.registry()));
        server = Javalin.create(config -> {
            serverSettings(config, settings, neighbour, asyncRoutes(edge, features));
            edge.install(config.routes);
            config.routes.after(http -> {
                if (leaving) {
                    http.header("Connection", "close");
                }
            });
            config.routes.after(Answer::write);
            Routes.install(config.routes, ops, features);
        });
    }

    /** Runs until told to end; settings come from the environment. */
    static void main() throws Exception {
        var settings = SendApiSettings.from(System.getenv()); // a bad setting stops here, before anything opens
        try (var shutdown = new Shutdown();
                var api = SendApi.start(settings, null)) {
            LOG.info("send-api listens on {}:{}", settings.host(), api.port());
            shutdown.await();
            api.leave();
            LockSupport.parkNanos(NOTICE.toNanos());
            api.finish();
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

    /**
     * From now on {@code /readyz} says that this process leaves, and each answer that its connection ends; requests are still served. Closing
     * then waits for those under way.
     */
    public void leave() {
        leaving = true;
        server.jettyServer().server().setStopTimeout(FINISH_MOST.toMillis());
    }

    /**
     * Takes no connection any more, and returns when those that were taken have their answers and are gone. Stopping the server does both at
     * once, and answers 503 to whoever was taken just before and has not been read.
     */
    private void finish() throws InterruptedException, ExecutionException {
        var jetty = server.jettyServer().server();
        var ended =
                Arrays.stream(jetty.getConnectors()).map(Connector::shutdown).toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(ended).get(FINISH_MOST.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            LOG.warn("some requests were not finished within {}, and are cut off", FINISH_MOST);
            jetty.setStopTimeout(0);
        }
    }

    @Override
    public void close() throws Exception {
        leaving = true;
        server.stop();
        stores.close();
        if (ownMeters != null) {
            ownMeters.close();
        }
    }

    private AsyncRoutes asyncRoutes(Edge edge, Features features) {
        var routes = new AsyncRoutes(edge, THREADS, () -> leaving);
        Routes.install(routes, features);
        return routes;
    }

    /**
     * Reading on from a connection whose answer was written waits for nothing, as the handlers here do not. So it is done where the answer was written, instead of
     * waking another thread that mostly finds nothing to read yet.
     */
    private static Executor readOn(Executor threads) {
        return task -> {
            if (task instanceof Connection) {
                task.run();
            } else {
                threads.execute(task);
            }
        };
    }

    private static ThreadPool jettyThreads() {
        var threads = new QueuedThreadPool(JETTY_THREADS_MAX);
        threads.setName("jetty");
        threads.setVirtualThreadsExecutor(THREADS);
        return threads;
    }

    private static void serverSettings(
            JavalinConfig config, SendApiSettings settings, @Nullable Neighbour neighbour, AsyncRoutes asyncRoutes) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.concurrency.useVirtualThreads = true;
        config.jetty.threadPool = jettyThreads();
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
                asyncRoutes.setHandler(new Handler.Sequence(neighbour.handler()));
            }
            jetty.setHandler(asyncRoutes); // Javalin adds itself behind
        });
        config.jetty.modifyServletContextHandler(context -> {
            var lingering = new FilterHolder(new LingeringClose());
            lingering.setAsyncSupported(true);
            context.addFilter(lingering, "/*", EnumSet.of(DispatcherType.REQUEST));
        });
        config.jetty.addConnector((jetty, http) -> {
            var connector = new ServerConnector(
                    jetty, readOn(jetty.getThreadPool()), null, null, -1, -1, new HttpConnectionFactory(http));
            connector.setHost(settings.host());
            connector.setPort(settings.port());
            if (neighbour != null) {
                neighbour.connector().accept(connector);
            }
            return connector;
        });
        WebPage.serve(config.staticFiles);
    }
}
