package chat.parley.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;

/**
 * Persisted sends: each sender posts one message at a time, into its direct conversations in turn; the other person of each is connected and
 * reads it. A send counts when it is answered, which means: committed. In between, the plain INSERT loop runs against the same server.
 */
final class SendsBench {
    /** Long enough for reads that lag behind; a message that has not come by then has not come. */
    private static final long READ_PATIENCE_NANOS = 5_000_000_000L;

    /** As many as code that is not compiled yet answers in time, also that of a Cassandra. */
    private static final int WARM_SENDERS = 16;

    // The targets of docs/performance.md.
    private static final double MICROS_MAX = 250;
    private static final double MEDIAN_MILLIS_MAX = 3;
    private static final double P99_MILLIS_MAX = 20;

    private final Deployment deployment;
    private final People people;
    private final Options options;
    private final Report report;
    private final InsertLoop floor;
    private final Scorecard scorecard;
    private int runs;

    /** Of the row with the most sends a second. */
    private double mostPerSecond;

    private double microsAtMost;

    SendsBench(Deployment deployment, People people, Options options, Report report, Scorecard scorecard) {
        this.deployment = deployment;
        this.people = people;
        this.options = options;
        this.report = report;
        this.scorecard = scorecard;
        this.floor = new InsertLoop(deployment, options.folder());
    }

    void run() throws IOException, InterruptedException, ExecutionException, SQLException {
        int most = options.senders.stream().mapToInt(Integer::intValue).max().orElseThrow();
        var crowd = people.first(most + options.receivers);
        var senders = crowd.subList(0, most);
        var peers = crowd.subList(most, crowd.size());
        try (var streams = new StreamClients(deployment.address(Part.STREAM_SERVICE))) {
            streams.open(peers, 1);
            var all = people.direct(senders, peers);
            load(all.subList(0, Math.min(most, WARM_SENDERS)), options.warmup(), 0);
            WarmUp.run(deployment, options.warmup(), slice -> load(all, slice, 0));
            if (!deployment.hasCassandra()) floor.jdbc(1, options.warmup().dividedBy(4));

            report.title("Persisted sends" + (deployment.hasCassandra() ? ", messages in one Cassandra node" : ""));
            report.head(columns());
            var rows = new ArrayList<Runnable>();
            for (int count : options.senders) measure(people.direct(senders.subList(0, count), peers), streams, rows);
            if (!rows.isEmpty()) {
                report.title("The same server, one row an INSERT, one INSERT a commit");
                report.head(List.of(
                        "clients",
                        "JDBC rows/s",
                        "PostgreSQL µs a row",
                        "pgbench rows/s",
                        "PostgreSQL µs a row",
                        "sends/s to the best of these",
                        "PostgreSQL CPU a send to the cheaper of these"));
                rows.forEach(Runnable::run);
            }

            scorecard.atMost("a direct message at the most, CPU of all servers", microsAtMost, "µs", MICROS_MAX);
            if (options.rate > 0) paced(all, streams);
        }
    }

    /** One number of senders, then as many clients of the plain loop. {@code floorRows} are printed when the first table is whole. */
    private void measure(List<List<Sender.Route>> routes, StreamClients streams, List<Runnable> floorRows)
            throws IOException, InterruptedException, ExecutionException, SQLException {
        var tally = streams.tally();
        var before = deployment.cpu();
        var sends = load(routes, options.duration(), 0);
        boolean allRead = tally.await(sends.acknowledged(), READ_PATIENCE_NANOS);
        var used = deployment.cpu().since(before);
        streams.check();
        report.row(cells(routes.size(), sends, tally, used, allRead));
        if (sends.perSecond() > mostPerSecond) {
            mostPerSecond = sends.perSecond();
            microsAtMost = (double) used.servers() / sends.acknowledged();
        }

        if (deployment.hasCassandra()) return; // it has no such loop to compare with

        int clients = Math.min(routes.size(), InsertLoop.CLIENTS_MAX);
        var jdbc = floor.jdbc(clients, options.duration());
        var pgbench = floor.pgbench(clients, options.duration());
        double best = pgbench == null ? jdbc.perSecond() : Math.max(jdbc.perSecond(), pgbench.perSecond());
        if (routes.size() > 1) {
            scorecard.atLeastTimes(
                    1,
                    "durable sends/s, " + routes.size() + " senders",
                    sends.perSecond(),
                    "/s",
                    new Scorecard.Beside(
                            (pgbench == null ? "JDBC loop, " : "pgbench, ") + clients + " clients",
                            pgbench == null ? jdbc.perSecond() : pgbench.perSecond()));
        }
        double cheapest = pgbench == null
                ? jdbc.postgresMicrosEach()
                : Math.min(jdbc.postgresMicrosEach(), pgbench.postgresMicrosEach());
        double postgres = (double) used.of(Part.POSTGRES) / sends.acknowledged();
        floorRows.add(() -> report.row(List.of(
                clients + (clients < routes.size() ? " (beside " + routes.size() + " senders)" : ""),
                Report.number(jdbc.perSecond()),
                Report.number(jdbc.postgresMicrosEach()),
                pgbench == null ? "–" : Report.number(pgbench.perSecond()),
                pgbench == null ? "–" : Report.number(pgbench.postgresMicrosEach()),
                Report.times(sends.perSecond(), best),
                Report.times(postgres, cheapest))));
    }

    private void paced(List<List<Sender.Route>> routes, StreamClients streams)
            throws IOException, InterruptedException {
        report.title("Direct messages at " + Report.count(options.rate) + " a second, " + routes.size() + " senders");
        report.head(columns());
        var tally = streams.tally();
        var before = deployment.cpu();
        var sends = load(routes, options.duration(), options.rate);
        boolean allRead = tally.await(sends.acknowledged(), READ_PATIENCE_NANOS);
        var used = deployment.cpu().since(before);
        report.row(cells(routes.size(), sends, tally, used, allRead));
        var at = " at " + Report.count(options.rate) + "/s";
        var latencies = tally.latencies();
        scorecard.atMost("sent to received" + at + ", p50", latencies.millis(0.5), "ms", MEDIAN_MILLIS_MAX);
        scorecard.atMost("sent to received" + at + ", p99", latencies.millis(0.99), "ms", P99_MILLIS_MAX);
    }

    private SendLoad.Result load(List<List<Sender.Route>> routes, Duration duration, int perSecond) throws IOException {
        return SendLoad.run(deployment.address(Part.SEND_API), routes, duration, perSecond, "bench" + runs++);
    }

    private List<String> columns() {
        var columns = new ArrayList<>(
                List.of("senders", "sends/s", "answered p50 / p99 ms", "read by the other p50 / p99 ms"));
        columns.add("CPU a message, µs");
        for (var part : Part.servers(deployment.hasCassandra())) columns.add(part.title);
        columns.addAll(List.of("of it compilers", "generator", "others' cores"));
        return columns;
    }

    private List<String> cells(int senders, SendLoad.Result sends, Tally tally, CpuSample used, boolean allRead) {
        double messages = sends.acknowledged();
        var cells = new ArrayList<String>();
        cells.add(Integer.toString(senders));
        cells.add(Report.number(sends.perSecond()));
        cells.add(quantiles(sends.answers()));
        cells.add(quantiles(tally.latencies()) + (allRead ? "" : " (only " + tally.messages() + " read)"));
        cells.add(Report.number(used.servers() / messages));
        for (var part : Part.servers(deployment.hasCassandra())) cells.add(Report.number(used.of(part) / messages));
        cells.add(Report.number(used.compilersMicros() / messages));
        cells.add(Report.number(used.of(Part.GENERATOR) / messages));
        cells.add(Report.number(used.othersCores()));
        return cells;
    }

    static String quantiles(Latencies latencies) {
        return Report.number(latencies.millis(0.5)) + " / " + Report.number(latencies.millis(0.99));
    }
}
