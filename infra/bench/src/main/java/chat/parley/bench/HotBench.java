package chat.parley.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** Many people who all write into one group at the same time, beside as many clients that lock one row for each message. */
final class HotBench {
    private static final int SENDERS = 32;

    /** Who reads along; each message is one delivery to each. */
    private static final int READERS = 2;

    private static final List<Part> SERVERS =
            List.of(Part.SEND_API, Part.STREAM_SERVICE, Part.NOTIFIER, Part.POSTGRES, Part.REDIS);

    private static final double TIMES_MIN = 5;
    private static final long READ_PATIENCE_NANOS = 5_000_000_000L;

    private final Deployment deployment;
    private final People people;
    private final Options options;
    private final Report report;
    private final Scorecard scorecard;
    private int runs;

    HotBench(Deployment deployment, People people, Options options, Report report, Scorecard scorecard) {
        this.deployment = deployment;
        this.people = people;
        this.options = options;
        this.report = report;
        this.scorecard = scorecard;
    }

    void run() throws IOException, InterruptedException, ExecutionException, SQLException {
        var lock = new InsertLoop(deployment, options.folder()).underTheLock(SENDERS, options.duration());
        report.title("One hot conversation, " + SENDERS + " senders in one group");
        report.head(List.of(
                "members",
                "sends/s",
                "answered p50 / p99 ms",
                "read p50 / p99 ms",
                "read",
                "CPU a message, µs",
                "send-api",
                "stream-service",
                "notifier",
                "PostgreSQL",
                "Redis",
                "one transaction a message under the lock, a second",
                "ratio"));
        for (int size : options.hotSizes) measure(Math.max(size, SENDERS), lock);
    }

    private void measure(int size, InsertLoop.Result lock)
            throws IOException, InterruptedException, ExecutionException {
        var members = people.first(size);
        var group = deployment.api().group(members);
        var routes = members.subList(0, SENDERS).stream()
                .map(sender -> List.of(new Sender.Route(sender, group)))
                .toList();
        try (var streams = new StreamClients(deployment.address(Part.STREAM_SERVICE))) {
            streams.open(members.subList(size - READERS, size), 1);
            WarmUp.run(deployment, options.warmup().dividedBy(2), slice -> load(routes, slice));
            var tally = streams.tally();
            var before = deployment.cpu();
            var sends = load(routes, options.duration());
            boolean allRead = tally.await(READERS * sends.acknowledged(), READ_PATIENCE_NANOS);
            var used = deployment.cpu().since(before);
            streams.check();
            var cells = new ArrayList<>(List.of(
                    Report.count(size),
                    Report.number(sends.perSecond()),
                    SendsBench.quantiles(sends.answers()),
                    SendsBench.quantiles(tally.latencies()),
                    allRead && streams.ended() == 0
                            ? "all"
                            : tally.messages() + " of " + READERS * sends.acknowledged() + ", " + streams.ended()
                                    + " closed and opened again",
                    Report.number((double) used.servers() / sends.acknowledged())));
            for (var part : SERVERS) cells.add(Report.number((double) used.of(part) / sends.acknowledged()));
            cells.add(Report.number(lock.perSecond()));
            cells.add(Report.times(sends.perSecond(), lock.perSecond()));
            report.row(cells);
            scorecard.atLeastTimes(
                    TIMES_MIN,
                    "one hot conversation of " + size + ", sends/s",
                    sends.perSecond(),
                    "/s",
                    new Scorecard.Beside("under the row lock", lock.perSecond()));
        }
    }

    private SendLoad.Result load(List<List<Sender.Route>> routes, Duration duration) throws IOException {
        return SendLoad.run(deployment.address(Part.SEND_API), routes, duration, 0, "hot" + runs++);
    }
}
