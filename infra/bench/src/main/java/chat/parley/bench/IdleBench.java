package chat.parley.bench;

import com.nimbusds.jose.JOSEException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;

/**
 * What a connection costs that only waits: memory, by the difference between few and many, and CPU of its heartbeats. And what opening one
 * costs, with tokens that the services know and with tokens they never saw. Wants a deployment in which nothing else was done before.
 */
final class IdleBench {
    /** Opened and closed before, so that classes, compiled code and buffers of the first connections are not counted as theirs. */
    private static final int WARMUP_CONNECTIONS = 500;

    /** Until the service has seen all of them go. */
    private static final Duration GOODBYE = Duration.ofSeconds(1);

    /** Until others were told that everybody is there: who came is told of at most 1,000 people a second. */
    private static final Duration ANNOUNCED = Duration.ofSeconds(15);

    /** Most times that all come back until the compilers rest, as {@link WarmUp} has it: the last one counts. */
    private static final int RETURNS_MAX = 12;

    private static final int RETURNS_MIN = 3;

    private static final double RESIDENT_MAX = 4096;
    private static final double LIVE_MAX = 2048;
    private static final double REDIS_MAX = 512;
    private static final double CONNECTS_MIN = 10_000;
    private static final double IDLE_MICROS_MAX = 2.5;
    private static final double SECONDS_A_MINUTE = 60;

    private final Deployment deployment;
    private final People people;
    private final Options options;
    private final Report report;
    private final Scorecard scorecard;

    IdleBench(Deployment deployment, People people, Options options, Report report, Scorecard scorecard) {
        this.deployment = deployment;
        this.people = people;
        this.options = options;
        this.report = report;
        this.scorecard = scorecard;
    }

    private record Memory(long liveHeap, long resident, long redis) {}

    void run() throws IOException, InterruptedException, ExecutionException, JOSEException {
        int count = options.connections;
        var crowd = people.first(count);
        try (var streams = streams()) {
            streams.open(crowd.subList(0, Math.min(WARMUP_CONNECTIONS, count)), 1);
        }
        Thread.sleep(GOODBYE);
        var before = memory();
        Memory after;
        CpuSample connecting;
        try (var streams = streams()) {
            var start = deployment.cpu();
            streams.open(crowd, 1);
            connecting = deployment.cpu().since(start);
            after = memory();
        }
        report.title("Opening a connection, one after the other");
        report.head(List.of(
                "connections",
                "connects/s",
                "CPU each, µs: all servers",
                "stream-service",
                "PostgreSQL",
                "Redis",
                "of it compilers",
                "generator",
                "others' cores"));
        opening("first of all", connecting);
        returning(crowd);
        try (var streams = streams()) {
            streams.open(crowd, 1);
            Thread.sleep(ANNOUNCED);
            var start = deployment.cpu();
            Thread.sleep(Duration.ofSeconds(options.idleSeconds));
            var idle = deployment.cpu().since(start);
            streams.check();
            waiting(before, after, idle, streams.ended() + ", " + streams.refused());
        }
    }

    private void returning(List<Person> crowd) throws IOException, InterruptedException, JOSEException {
        for (var again = new Again("known tokens"); again.isWanted(); ) {
            again.came(open(crowd));
        }
        for (var again = new Again("tokens never seen"); again.isWanted(); ) {
            var renewed = new ArrayList<Person>();
            for (int number = 0; number < crowd.size(); number++) {
                var later = Duration.ofSeconds(again.time);
                renewed.add(
                        new Person(crowd.get(number).id(), deployment.issuer().token(number, later)));
            }
            again.came(open(renewed));
        }
    }

    /** All come back again and again. */
    private final class Again {
        private final String how;
        private int time = 1;
        private double compilers = 1;

        Again(String how) {
            this.how = how;
        }

        boolean isWanted() {
            return time <= RETURNS_MIN || (time <= RETURNS_MAX && compilers > WarmUp.COMPILERS_SHARE_MAX);
        }

        void came(CpuSample used) {
            opening(how + ", time " + time, used);
            time++;
            compilers = used.compilersShare();
            if (!isWanted()) {
                scorecard.atLeast(
                        "connects/s for a core spent, " + how,
                        options.connections * 1e6 / used.servers(),
                        "/s",
                        CONNECTS_MIN);
            }
        }
    }

    private CpuSample open(List<Person> crowd) throws IOException, InterruptedException {
        Thread.sleep(GOODBYE);
        try (var streams = streams()) {
            var start = deployment.cpu();
            streams.open(crowd, 1);
            return deployment.cpu().since(start);
        }
    }

    private StreamClients streams() throws IOException {
        return new StreamClients(deployment.address(Part.STREAM_SERVICE));
    }

    private void waiting(Memory before, Memory after, CpuSample idle, String closed) {
        double connections = options.connections;
        double live = (after.liveHeap - before.liveHeap) / connections;
        double resident = (after.resident - before.resident) / connections;
        double redis = (after.redis - before.redis) / connections;
        double idleSeconds = idle.seconds() * connections;
        double stream = idle.of(Part.STREAM_SERVICE) / idleSeconds;
        double redisCpu = idle.of(Part.REDIS) / idleSeconds;
        report.title("Idle connections");
        report.head(List.of(
                "connections, one user each",
                "live heap B each",
                "RSS B each",
                "RSS in all MB",
                "Redis memory B each",
                "CPU a connection and minute, µs (stream-service, Redis)",
                "of it compilers",
                "closed meanwhile, refused by 503 and tried again"));
        report.row(List.of(
                Report.count(options.connections),
                Report.number(live),
                Report.number(resident),
                Report.number(after.resident / 1e6),
                Report.number(redis),
                Report.number(stream * SECONDS_A_MINUTE) + " + " + Report.number(redisCpu * SECONDS_A_MINUTE),
                Report.number(idle.compilersMicros() / idleSeconds * SECONDS_A_MINUTE),
                closed));
        scorecard.atMost("idle connection, RSS of the JVM", resident, "B", RESIDENT_MAX);
        scorecard.atMost("idle connection, live heap", live, "B", LIVE_MAX);
        scorecard.atMost("idle connection, Redis", redis, "B", REDIS_MAX);
        scorecard.atMost("idle connection, CPU a second (heartbeat 25 s)", stream + redisCpu, "µs", IDLE_MICROS_MAX);
    }

    private void opening(String name, CpuSample used) {
        double connections = options.connections;
        var cells = new ArrayList<String>();
        cells.add(name);
        cells.add(Report.number(connections / used.seconds()));
        cells.add(Report.number(used.servers() / connections));
        for (var part : List.of(Part.STREAM_SERVICE, Part.POSTGRES, Part.REDIS)) {
            cells.add(Report.number(used.of(part) / connections));
        }
        cells.add(Report.number(used.compilersMicros() / connections));
        cells.add(Report.number(used.of(Part.GENERATOR) / connections));
        cells.add(Report.number(used.othersCores()));
        report.row(cells);
    }

    private Memory memory() throws IOException, InterruptedException {
        long service = deployment.pid(Part.STREAM_SERVICE);
        // The histogram collects first, so that RSS is read of a heap without garbage.
        long liveHeap = LiveHeap.bytes(service);
        return new Memory(liveHeap, ProcessStat.residentBytes(service), deployment.redisMemory());
    }
}
