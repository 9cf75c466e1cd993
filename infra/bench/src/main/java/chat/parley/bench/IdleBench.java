package chat.parley.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** What a connection costs that only waits: memory, by the difference between few and many, and CPU of its heartbeats. */
final class IdleBench {
    /** Opened and closed before, so that classes, compiled code and buffers of the first connections are not counted as theirs. */
    private static final int WARMUP_CONNECTIONS = 500;

    /** Until the service has seen all of them go. */
    private static final Duration GOODBYE = Duration.ofSeconds(2);

    private final Deployment deployment;
    private final People people;
    private final Options options;
    private final Report report;

    IdleBench(Deployment deployment, People people, Options options, Report report) {
        this.deployment = deployment;
        this.people = people;
        this.options = options;
        this.report = report;
    }

    private record Memory(long liveHeap, long resident, long redis) {}

    void run() throws IOException, InterruptedException, ExecutionException {
        int count = options.connections;
        var crowd = people.first(count);
        try (var streams = new StreamClients(deployment.address(Part.STREAM_SERVICE))) {
            streams.open(crowd.subList(0, Math.min(WARMUP_CONNECTIONS, count)), 1);
        }
        Thread.sleep(GOODBYE);
        var before = memory();
        try (var streams = new StreamClients(deployment.address(Part.STREAM_SERVICE))) {
            var start = deployment.cpu();
            streams.open(crowd, 1);
            var connecting = deployment.cpu().since(start);
            var after = memory();

            var idleStart = deployment.cpu();
            Thread.sleep(options.duration());
            var idle = deployment.cpu().since(idleStart);
            streams.check();
            print(count, connecting, before, after, idle, streams.ended() + ", " + streams.refused());
        }
    }

    private void print(int count, CpuSample connecting, Memory before, Memory after, CpuSample idle, String closed) {
        report.title("Idle connections");
        report.head(List.of(
                "connections, one user each",
                "live heap B each",
                "RSS B each",
                "RSS in all MB",
                "Redis RSS B each",
                "connects/s",
                "CPU a connect, µs (stream-service, PostgreSQL, Redis)",
                "CPU a connection and minute, µs (stream-service, Redis)",
                "closed meanwhile, refused by 503 and tried again"));
        double connections = count;
        double idleMinutes = idle.seconds() / 60 * connections;
        report.row(List.of(
                Report.number(connections),
                Report.number((after.liveHeap - before.liveHeap) / connections),
                Report.number((after.resident - before.resident) / connections),
                Report.number(after.resident / 1e6),
                Report.number((after.redis - before.redis) / connections),
                Report.number(connections / connecting.seconds()),
                each(connecting, connections, Part.STREAM_SERVICE, Part.POSTGRES, Part.REDIS),
                each(idle, idleMinutes, Part.STREAM_SERVICE, Part.REDIS),
                closed));
    }

    private static String each(CpuSample used, double count, Part... parts) {
        var text = new StringBuilder();
        for (var part : parts) {
            if (!text.isEmpty()) text.append(" + ");
            text.append(Report.number(used.of(part) / count));
        }
        return text.toString();
    }

    private Memory memory() throws IOException, InterruptedException {
        long service = deployment.pid(Part.STREAM_SERVICE);
        // The histogram collects first, so that RSS is read of a heap without garbage.
        long liveHeap = LiveHeap.bytes(service);
        return new Memory(
                liveHeap, ProcessStat.residentBytes(service), ProcessStat.residentBytes(deployment.pid(Part.REDIS)));
    }
}
