package chat.parley.bench;

import chat.parley.embedded.EmbeddedPostgres;
import chat.parley.embedded.EmbeddedRedis;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealCassandra;
import com.nimbusds.jose.JOSEException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;

/** A whole Parley of its own under a folder: embedded stores and the three services, each a process. Opened in the order of the lines. */
final class Deployment implements AutoCloseable {
    private static final Pattern USED_MEMORY = Pattern.compile("(?m)^used_memory:(\\d+)");
    private static final Pattern COMMANDS = Pattern.compile("(?m)^total_commands_processed:(\\d+)");
    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(5);

    /** Everyone here sends without a pause, which no person does; this is the largest quota that can be set. */
    private static final Map<String, String> SEND_LIMITS = Map.of("PARLEY_LIMIT_SENDS", "1000000");

    /** All connections come from one machine, and none is closed in the middle of a measurement only because of its age. */
    private static final Map<String, String> STREAM_LIMITS = Map.of(
            "PARLEY_STREAM_CONNECTIONS", "20000",
            "PARLEY_STREAM_CONNECTIONS_PER_ADDRESS", "20000",
            "PARLEY_STREAM_LIFETIME_MIN", "7200",
            "PARLEY_STREAM_LIFETIME_MAX", "7200",
            "PARLEY_STREAM_DRAIN", "0");

    /** The push service is on this machine, and how long a push takes is asked without the time in which people may come back. */
    private static final Map<String, String> PUSH_AT_ONCE =
            Map.of("PARLEY_WEB_PUSH_PRIVATE", "true", "PARLEY_PUSH_GRACE", "0");

    private static final Map<String, String> PUSH_TO_HERE =
            Map.of("PARLEY_WEB_PUSH_PRIVATE", "true", "PARLEY_WEB_PUSH_CONTACT", "mailto:bench@example.org");

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final Map<Part, ServiceProcess> services = new EnumMap<>(Part.class);
    private final List<ServiceProcess> streamNodes = new ArrayList<>();
    private final Supply moreStreamNodes;
    private final EmbeddedPostgres postgres;
    private final EmbeddedRedis redis;
    private final @Nullable RealCassandra cassandra;
    private final Issuer issuer;
    private Instant measuredFrom = Instant.MAX;
    private final Api api;

    private Deployment(Path folder, List<String> jvmOptions, Options.Store messages)
            throws IOException, JOSEException, InterruptedException {
        Files.createDirectories(folder);
        postgres = opened(EmbeddedPostgres.start(folder.resolve("postgres")));
        redis = opened(EmbeddedRedis.start(folder.resolve("redis")));
        cassandra = messages == Options.Store.CASSANDRA ? opened(RealCassandra.startFast()) : null;
        issuer = new Issuer(InstantSource.system().instant());
        var issuersFile = issuer.writeIssuersFile(folder);
        var http = opened(HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_PATIENCE)
                .build());

        var stores = new HashMap<>(Map.of(
                "PARLEY_HOST", "127.0.0.1",
                "PARLEY_REDIS_URL", redis.uri(),
                "PARLEY_POSTGRES_URL", postgres.jdbcUrl(),
                "PARLEY_POSTGRES_USER", postgres.user(),
                "PARLEY_POSTGRES_PASSWORD", postgres.password()));
        if (cassandra != null) stores.putAll(cassandra.settings());
        var issuers = Map.of("PARLEY_ISSUERS", issuersFile.toString());
        var sendApi = new Service(
                Part.SEND_API,
                "chat.parley.sendapi.SendApi",
                "PARLEY_PORT",
                List.of(stores, issuers, SEND_LIMITS, PUSH_AT_ONCE));
        var streamService = new Service(
                Part.STREAM_SERVICE,
                "chat.parley.stream.StreamService",
                "PARLEY_PORT",
                List.of(stores, issuers, STREAM_LIMITS));
        var notifier = new Service(
                Part.NOTIFIER, "chat.parley.notifier.Notifier", "PARLEY_METRICS_PORT", List.of(stores, PUSH_TO_HERE));
        // One after the other: the first one migrates, and start-up costs no measurement anything.
        for (var service : List.of(sendApi, streamService, notifier)) start(service, folder, jvmOptions, http);
        streamNodes.add(service(Part.STREAM_SERVICE));
        moreStreamNodes = () -> launch(streamService, folder, jvmOptions, http);
        api = new Api(http, service(Part.SEND_API).port());
    }

    /** Starts another process of a service. */
    private interface Supply {
        ServiceProcess more() throws IOException, InterruptedException;
    }

    /** Starts all and returns when all are ready. */
    static Deployment start(Path folder, List<String> jvmOptions, Options.Store messages)
            throws IOException, JOSEException, InterruptedException {
        return new Deployment(folder, jvmOptions, messages);
    }

    /** @param portSetting what names the port of its {@code /readyz} */
    private record Service(Part part, String mainClass, String portSetting, List<Map<String, String>> settings) {}

    private void start(Service service, Path folder, List<String> jvmOptions, HttpClient http)
            throws IOException, InterruptedException {
        services.put(service.part, launch(service, folder, jvmOptions, http));
    }

    private ServiceProcess launch(Service service, Path folder, List<String> jvmOptions, HttpClient http)
            throws IOException, InterruptedException {
        var environment = new HashMap<String, String>();
        service.settings.forEach(environment::putAll);
        int port = ServiceProcess.freePort();
        environment.put(service.portSetting, Integer.toString(port));
        // A profile is written to a file of the service's own.
        var options = jvmOptions.stream()
                .map(option -> option.replace("{service}", service.part.title))
                .toList();
        var log = folder.resolve(service.part.title + ".log");
        var process = opened(ServiceProcess.start(service.mainClass, port, environment, options, log));
        process.awaitReady(http);
        return process;
    }

    /** One more stream node over the same stores; its CPU counts as the stream-service's. */
    void addStreamNode() throws IOException, InterruptedException {
        streamNodes.add(moreStreamNodes.more());
    }

    /** All stream nodes. */
    List<InetSocketAddress> streamNodes() {
        return streamNodes.stream()
                .map(node -> new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), node.port()))
                .toList();
    }

    Api api() {
        return api;
    }

    Issuer issuer() {
        return issuer;
    }

    boolean hasCassandra() {
        return cassandra != null;
    }

    EmbeddedPostgres postgres() {
        return postgres;
    }

    InetSocketAddress address(Part part) {
        return new InetSocketAddress(
                InetAddress.ofLiteral("127.0.0.1"), service(part).port());
    }

    /** The process of a service or of Redis. */
    long pid(Part part) {
        return part == Part.REDIS ? redis.pid() : service(part).pid();
    }

    private ServiceProcess service(Part part) {
        return Objects.requireNonNull(services.get(part), part.title);
    }

    /** Bytes that Redis has given out, without what it holds in reserve. */
    long redisMemory() {
        return redisTells("memory", USED_MEMORY);
    }

    /** Commands that Redis has run, also from scripts. */
    long redisCommands() {
        return redisTells("stats", COMMANDS);
    }

    /** Push jobs that the notifier has not worked off. */
    long pushJobs() {
        try (var jedis = new Jedis(URI.create(redis.uri()))) {
            return jedis.zcard(RedisKeys.PUSH_JOBS);
        }
    }

    private long redisTells(String section, Pattern number) {
        try (var jedis = new Jedis(URI.create(redis.uri()))) {
            var found = number.matcher(jedis.info(section));
            if (!found.find()) throw new BenchException("Redis tells nothing of " + section);
            return Long.parseLong(found.group(1));
        }
    }

    /** When the first measurement began, the warm-up behind it. */
    Instant measuredFrom() {
        return measuredFrom;
    }

    /** The first time it is asked for is when measuring began, see {@link #measuredFrom}. */
    CpuSample cpu() throws IOException {
        if (measuredFrom.equals(Instant.MAX))
            measuredFrom = InstantSource.system().instant();
        return cpuOfWarmUp();
    }

    CpuSample cpuOfWarmUp() throws IOException {
        var micros = new EnumMap<Part, Long>(Part.class);
        long compilers = 0;
        for (var service : services.entrySet()) {
            long pid = service.getValue().pid();
            micros.put(service.getKey(), ProcessStat.cpuMicros(pid));
            compilers += ProcessStat.compilersCpuMicros(pid);
        }
        for (var another : streamNodes.subList(1, streamNodes.size())) {
            micros.merge(Part.STREAM_SERVICE, ProcessStat.cpuMicros(another.pid()), Long::sum);
            compilers += ProcessStat.compilersCpuMicros(another.pid());
        }
        micros.put(Part.POSTGRES, ProcessStat.familyCpuMicros(postgres.pid()));
        if (cassandra != null) micros.put(Part.CASSANDRA, ProcessStat.cpuMicros(cassandra.pid()));
        micros.put(Part.REDIS, ProcessStat.familyCpuMicros(redis.pid()));
        micros.put(Part.GENERATOR, ProcessStat.cpuMicros(ProcessHandle.current().pid()));
        return new CpuSample(micros, compilers, ProcessStat.machineCpuMicros(), System.nanoTime());
    }

    @Override
    public void close() throws Exception {
        while (!opened.isEmpty()) opened.pop().close();
    }

    private <T extends AutoCloseable> T opened(T part) {
        opened.push(part);
        return part;
    }
}
