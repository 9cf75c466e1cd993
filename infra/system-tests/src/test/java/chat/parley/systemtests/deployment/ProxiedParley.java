package chat.parley.systemtests.deployment;

import chat.parley.embedded.EmbeddedPostgres;
import chat.parley.embedded.EmbeddedRedis;
import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.systemtests.process.LowPorts;
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

/** A send-api, two stream nodes and their stores, for proxies to stand before. A second send-api is announced to them that was never there. */
final class ProxiedParley implements AutoCloseable {
    private final OwnServer<EmbeddedPostgres> postgres = RealPostgres.own();
    private final OwnServer<EmbeddedRedis> redis = RealRedis.own(Persistence.APPEND_ONLY_FILE);
    private final ServiceProcess sendApi;
    private final List<ServiceProcess> streams;
    private final int nobody = LowPorts.free();

    ProxiedParley(Path folder) {
        // Nobody is slowed down here on purpose.
        sendApi = ServiceProcess.start(
                Service.SEND_API,
                settings(Map.of("PARLEY_MEDIA", "file:" + folder.resolve("media"), "PARLEY_LIMIT_SENDS", "1000000")),
                folder);
        sendApi.awaitReady(); // it also brings the schema up to date
        var stream = settings(Map.of("PARLEY_STREAM_DRAIN", "1"));
        streams = List.of(
                ServiceProcess.start(Service.STREAM, stream, folder),
                ServiceProcess.start(Service.STREAM, stream, folder));
        streams.forEach(ServiceProcess::awaitReady);
    }

    /** What a proxy is told. */
    Proxy.Setup setup(Duration streamIdle, TestCertificate certificate) {
        return new Proxy.Setup(
                List.of("127.0.0.1:" + nobody, sendApi.uri().getAuthority()),
                streams.stream().map(node -> node.uri().getAuthority()).toList(),
                streamIdle,
                certificate);
    }

    ServiceProcess firstStreamNode() {
        return streams.getFirst();
    }

    ServiceProcess sendApi() {
        return sendApi;
    }

    EmbeddedRedis redis() {
        return redis.server();
    }

    /** Whether every process is as it should be. */
    void awaitReady() {
        sendApi.awaitReady();
        streams.forEach(ServiceProcess::awaitReady);
    }

    @Override
    public void close() throws Exception {
        for (var stream : streams) stream.close();
        sendApi.close();
        redis.server().kill();
        redis.close();
        postgres.server().kill();
        postgres.close();
    }

    private Map<String, String> settings(Map<String, String> ofThisService) {
        var settings = new HashMap<>(ofThisService);
        settings.put("PARLEY_TRUST_PROXY", "true");
        settings.put("PARLEY_POSTGRES_URL", postgres.server().jdbcUrl());
        settings.put("PARLEY_POSTGRES_USER", postgres.server().user());
        settings.put("PARLEY_POSTGRES_PASSWORD", postgres.server().password());
        settings.put("PARLEY_REDIS_URL", redis.server().uri());
        return settings;
    }
}
