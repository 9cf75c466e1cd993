package chat.parley.systemtests.deployment;

import chat.parley.embedded.EmbeddedPostgres;
import chat.parley.embedded.EmbeddedRedis;
import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.systemtests.process.Service;
import chat.parley.systemtests.process.ServiceProcess;
import chat.parley.testkit.OwnServer;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Two of each service that a proxy stands before, and their stores. */
final class ProxiedParley implements AutoCloseable {
    private final OwnServer<EmbeddedPostgres> postgres = RealPostgres.own();
    private final OwnServer<EmbeddedRedis> redis = RealRedis.own(Persistence.APPEND_ONLY_FILE);
    private final List<ServiceProcess> sendApis;
    private final List<ServiceProcess> streams;

    ProxiedParley(Path folder) {
        // Nobody is slowed down here on purpose.
        var sendApi =
                settings(Map.of("PARLEY_MEDIA", "file:" + folder.resolve("media"), "PARLEY_LIMIT_SENDS", "1000000"));
        var first = ServiceProcess.start(Service.SEND_API, sendApi, folder);
        first.awaitReady(); // it also brings the schema up to date
        sendApis = List.of(first, ServiceProcess.start(Service.SEND_API, sendApi, folder));
        var stream = settings(Map.of("PARLEY_STREAM_DRAIN", "1"));
        streams = List.of(
                ServiceProcess.start(Service.STREAM, stream, folder),
                ServiceProcess.start(Service.STREAM, stream, folder));
        awaitReady();
    }

    /** What a proxy is told. */
    Proxy.Setup setup(Duration streamIdle, ProxyCertificate certificate) {
        return new Proxy.Setup(authorities(sendApis), authorities(streams), streamIdle, certificate);
    }

    ServiceProcess firstStreamNode() {
        return streams.getFirst();
    }

    ServiceProcess firstSendApi() {
        return sendApis.getFirst();
    }

    EmbeddedRedis redis() {
        return redis.server();
    }

    /** Starts again what does not answer. */
    void mend() throws Exception {
        for (var service : List.of(firstSendApi(), firstStreamNode())) {
            if (service.readyStatus() != 0) continue;
            service.kill(); // where it is still there, it hangs
            service.restart();
        }
        awaitReady();
    }

    /** Returns when every process is as it should be. */
    void awaitReady() {
        sendApis.forEach(ServiceProcess::awaitReady);
        streams.forEach(ServiceProcess::awaitReady);
    }

    @Override
    public void close() throws Exception {
        for (var stream : streams) stream.close();
        for (var sendApi : sendApis) sendApi.close();
        redis.server().kill();
        redis.close();
        postgres.server().kill();
        postgres.close();
    }

    private static List<String> authorities(List<ServiceProcess> services) {
        return services.stream().map(service -> service.uri().getAuthority()).toList();
    }

    private Map<String, String> settings(Map<String, String> ofThisService) {
        var settings = new HashMap<>(ofThisService);
        settings.put("PARLEY_TRUST_PROXY", "true");
        settings.putAll(ServiceProcess.stores(postgres.server(), redis.server().uri()));
        return settings;
    }
}
