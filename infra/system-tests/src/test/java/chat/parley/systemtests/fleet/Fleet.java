package chat.parley.systemtests.fleet;

import chat.parley.embedded.EmbeddedPostgres;
import chat.parley.embedded.EmbeddedRedis;
import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Service;
import chat.parley.systemtests.process.ServiceProcess;
import chat.parley.testkit.OwnServer;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Two processes of each service over one PostgreSQL and one Redis; clients come by {@link RoundRobin}. */
final class Fleet implements AutoCloseable {
    private static final int EACH = 2;

    private final Path folder = Files.createTempDirectory("parley-fleet-");
    private final OwnServer<EmbeddedPostgres> postgres = RealPostgres.own();
    private final OwnServer<EmbeddedRedis> redis = RealRedis.own(Persistence.APPEND_ONLY_FILE);
    private final List<ServiceProcess> sendApis = new ArrayList<>();
    private final List<ServiceProcess> streams = new ArrayList<>();
    private final List<ServiceProcess> notifiers = new ArrayList<>();
    private final List<AutoCloseable> balancers = new ArrayList<>();
    private final Thread atExit = Thread.ofPlatform().unstarted(this::endQuietly);

    private Fleet() throws IOException {
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** Starts everything and returns when all of it is ready. */
    static Fleet start() throws Exception {
        var fleet = new Fleet();
        try {
            for (int i = 0; i < EACH; i++) {
                fleet.sendApis.add(fleet.process(Service.SEND_API, Map.of("PARLEY_LIMIT_SENDS", "1000000")));
                // By default a leaving node spreads its clients over more time than a test has.
                fleet.streams.add(fleet.process(Service.STREAM, Map.of("PARLEY_STREAM_DRAIN", "1")));
                fleet.notifiers.add(fleet.process(Service.NOTIFIER, Map.of()));
            }
            fleet.all().forEach(ServiceProcess::awaitReady);
            return fleet;
        } catch (Exception | AssertionError e) {
            fleet.close();
            throw e;
        }
    }

    List<ServiceProcess> sendApis() {
        return sendApis;
    }

    List<ServiceProcess> streams() {
        return streams;
    }

    List<ServiceProcess> notifiers() {
        return notifiers;
    }

    /** Every process, in the order of a rolling restart: each service in turn. */
    List<ServiceProcess> all() {
        return Stream.of(sendApis, streams, notifiers).flatMap(List::stream).toList();
    }

    /** A client that comes by the balancers. */
    Api api() throws IOException {
        var sends = RoundRobin.before(sendApis.stream().map(ServiceProcess::uri).toList());
        balancers.add(sends);
        var receives =
                RoundRobin.before(streams.stream().map(ServiceProcess::uri).toList());
        balancers.add(receives);
        var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
        return new Api(client, sends.uri(), receives.uri());
    }

    private ServiceProcess process(Service service, Map<String, String> ofThisService) throws IOException {
        var settings = new HashMap<>(ofThisService);
        settings.putAll(ServiceProcess.stores(postgres.server(), redis.server().uri()));
        return ServiceProcess.start(service, settings, Files.createTempDirectory(folder, "process-"));
    }

    @Override
    public void close() throws Exception {
        Runtime.getRuntime().removeShutdownHook(atExit);
        end();
    }

    private void end() throws Exception {
        for (var balancer : balancers) balancer.close();
        for (var process : all()) process.close();
        // What is in the folders is deleted next, so an orderly end would be wasted time.
        redis.server().kill();
        redis.close();
        postgres.server().kill();
        postgres.close();
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        }
    }

    private void endQuietly() {
        try {
            end();
        } catch (Exception e) {
            System.err.println("a fleet of the tests did not end: " + e);
        }
    }
}
