package chat.parley.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;

/**
 * One message to thousands of connections: a group whose members each read on several devices. At most as many messages are under way as the
 * window allows, so the backlog does not grow; then at a rate that leaves room, for the latency.
 */
final class FanoutBench {
    private static final long READ_PATIENCE_NANOS = 10_000_000_000L;

    /** Messages under way at the same time: one is being delivered while the next one is committed. */
    private static final int WINDOW = 2;

    private final Deployment deployment;
    private final People people;
    private final Options options;
    private final Report report;

    FanoutBench(Deployment deployment, People people, Options options, Report report) {
        this.deployment = deployment;
        this.people = people;
        this.options = options;
        this.report = report;
    }

    void run() throws IOException, InterruptedException, ExecutionException {
        var nodes = deployment.streamNodes();
        var members = people.first(options.members);
        var sender = members.getFirst();
        var group = deployment.api().group(members);
        int receivers = options.members * options.devices;
        try (var streams = new StreamClients(nodes)) {
            streams.open(members, options.devices);
            saturate(sender, group, receivers, streams.tally(), options.warmup());

            report.title(
                    "One message to " + receivers + " connections (" + options.members + " members, " + options.devices
                            + " each) at " + nodes.size() + (nodes.size() == 1 ? " stream node" : " stream nodes"));
            report.head(columns());
            var tally = streams.tally();
            var before = deployment.cpu();
            long messages = saturate(sender, group, receivers, tally, options.duration());
            row("as many as go", messages, receivers, tally, deployment.cpu().since(before));

            if (options.fanoutRate > 0) {
                tally = streams.tally();
                before = deployment.cpu();
                messages = paced(sender, group, receivers, tally);
                row(
                        options.fanoutRate + " messages/s",
                        messages,
                        receivers,
                        tally,
                        deployment.cpu().since(before));
            }
            streams.check();
            report.line(
                    "%nStreams closed by the server meanwhile: %d. Refused by 503 and tried again: %d.",
                    streams.ended(), streams.refused());
        }
    }

    private long saturate(Person sender, String group, int receivers, Tally tally, Duration duration)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + duration.toNanos();
        long messages = 0;
        while (System.nanoTime() < end) {
            deployment.api().send(sender, group);
            messages++;
            if (!tally.await((messages - WINDOW + 1) * receivers, READ_PATIENCE_NANOS)) break;
        }
        tally.await(messages * receivers, READ_PATIENCE_NANOS);
        return messages;
    }

    private long paced(Person sender, String group, int receivers, Tally tally)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        long count = options.fanoutRate * options.duration().toSeconds();
        for (long i = 0; i < count; i++) {
            long due = start + i * 1_000_000_000L / options.fanoutRate;
            Thread.sleep(Duration.ofNanos(Math.max(0, due - System.nanoTime())));
            deployment.api().send(sender, group);
        }
        tally.await(count * receivers, READ_PATIENCE_NANOS);
        return count;
    }

    private List<String> columns() {
        var columns = new ArrayList<>(
                List.of("load", "messages/s", "deliveries/s", "sent to read p50 / p99 ms", "expected, delivered"));
        columns.add("CPU a delivery, µs");
        for (var part : Part.servers(deployment.hasCassandra())) columns.add(part.title);
        columns.addAll(List.of("generator", "others' cores"));
        return columns;
    }

    private void row(String load, long messages, int receivers, Tally tally, CpuSample used) {
        double delivered = tally.messages();
        var cells = new ArrayList<String>();
        cells.add(load);
        cells.add(Report.number(messages / used.seconds()));
        cells.add(Report.number(delivered / used.seconds()));
        cells.add(SendsBench.quantiles(tally.latencies()));
        cells.add(messages * receivers + ", " + tally.messages());
        cells.add(Report.number(used.servers() / delivered));
        for (var part : Part.servers(deployment.hasCassandra())) cells.add(Report.number(used.of(part) / delivered));
        cells.add(Report.number(used.of(Part.GENERATOR) / delivered));
        cells.add(Report.number(used.othersCores()));
        report.row(cells);
    }
}
