package chat.parley.systemtests.process;

import chat.parley.embedded.EmbeddedPostgres;
import chat.parley.embedded.EmbeddedRedis;
import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.testkit.OwnServer;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.RealRedisCluster;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;

/** A whole Parley of a test's own: PostgreSQL, Redis, and the three services as processes. */
public final class RunningParley implements AutoCloseable {
    private final Map<String, String> more;
    private final Path folder;
    private final OwnServer<EmbeddedPostgres> postgres;
    private final @Nullable OwnServer<EmbeddedRedis> redis;
    private final @Nullable RealRedisCluster cluster;
    private final ServiceProcess sendApi;
    private final ServiceProcess stream;
    private final ServiceProcess notifier;
    private final int sendApiMetrics = LowPorts.free();
    private final int streamMetrics = LowPorts.free();
    private final Thread atExit = Thread.ofPlatform().unstarted(this::endQuietly);

    private RunningParley(
            @Nullable OwnServer<EmbeddedRedis> redis, @Nullable RealRedisCluster cluster, Map<String, String> more)
            throws IOException {
        this.more = more;
        folder = Files.createTempDirectory("parley-system-");
        postgres = RealPostgres.own();
        this.redis = redis;
        this.cluster = cluster;
        // Nobody here is slowed down on purpose.
        sendApi = ServiceProcess.start(
                Service.SEND_API,
                settings(Map.of(
                        "PARLEY_LIMIT_SENDS",
                        "1000000",
                        "PARLEY_WEB_PUSH_PRIVATE",
                        "on",
                        "PARLEY_MEDIA",
                        "file:" + Files.createDirectory(folder.resolve("media")),
                        "PARLEY_METRICS_PORT",
                        Integer.toString(sendApiMetrics))),
                folder);
        // By default a leaving node spreads its clients over more time than a test has.
        stream = ServiceProcess.start(
                Service.STREAM,
                settings(Map.of("PARLEY_STREAM_DRAIN", "1", "PARLEY_METRICS_PORT", Integer.toString(streamMetrics))),
                folder);
        notifier = ServiceProcess.start(Service.NOTIFIER, settings(Map.of("PARLEY_WEB_PUSH_PRIVATE", "on")), folder);
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** Starts everything and returns when all of it is ready. */
    public static RunningParley start(Persistence persistence) throws Exception {
        return start(persistence, Map.of());
    }

    /** The same with more settings for all services. */
    public static RunningParley start(Persistence persistence, Map<String, String> more) throws Exception {
        return start(new RunningParley(RealRedis.own(persistence), null, more));
    }

    /** The same over this cluster, which is closed with it. */
    public static RunningParley start(RealRedisCluster cluster) throws Exception {
        return start(new RunningParley(null, cluster, Map.of()));
    }

    private static RunningParley start(RunningParley parley) throws Exception {
        try {
            parley.awaitReady();
            return parley;
        } catch (Exception | AssertionError e) {
            parley.close();
            throw e;
        }
    }

    public void awaitReady() {
        sendApi.awaitReady();
        stream.awaitReady();
        notifier.awaitReady();
    }

    public ServiceProcess sendApi() {
        return sendApi;
    }

    public ServiceProcess stream() {
        return stream;
    }

    public ServiceProcess notifier() {
        return notifier;
    }

    public EmbeddedPostgres postgres() {
        return postgres.server();
    }

    public EmbeddedRedis redis() {
        return Objects.requireNonNull(redis, "it runs over a cluster").server();
    }

    /** Where each of the three tells its metrics. */
    public List<URI> metrics() {
        return Stream.of(sendApiMetrics, streamMetrics, notifier.uri().getPort())
                .map(port -> URI.create("http://127.0.0.1:" + port + "/metrics"))
                .toList();
    }

    /** A client of the public addresses. */
    public Api api() {
        return new Api(sendApi.uri(), stream.uri());
    }

    /** A connection to look around in Redis with, or to break something; close it. */
    public Jedis jedis() {
        var jedis = new Jedis(redis().host(), redis().port());
        jedis.auth(redis().password());
        return jedis;
    }

    @Override
    public void close() throws Exception {
        Runtime.getRuntime().removeShutdownHook(atExit);
        end();
    }

    private void end() throws Exception {
        for (var service : new ServiceProcess[] {notifier, stream, sendApi}) service.close();
        // What is in the folders is deleted next, so an orderly end would be wasted time.
        if (cluster != null) cluster.close();
        if (redis != null) {
            redis().kill();
            redis.close();
        }
        postgres().kill();
        postgres.close();
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        }
    }

    private void endQuietly() {
        try {
            end();
        } catch (Exception e) {
            System.err.println("a Parley of the tests did not end: " + e);
        }
    }

    private Map<String, String> settings(Map<String, String> ofThisService) {
        var settings = new HashMap<>(ofThisService);
        settings.putAll(more);
        settings.putAll(ServiceProcess.stores(postgres(), cluster == null ? redis().uri() : cluster.uri()));
        return settings;
    }
}
