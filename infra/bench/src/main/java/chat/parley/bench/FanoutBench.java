package chat.parley.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/**
 * One message to thousands of connections. At most two messages are under way, so the backlog does not grow; then at falling rates until the
 * slowest hundredth is quick; then at a rate that leaves room. Afterwards the same bytes are written by the floor, read by the same generator.
 */
final class FanoutBench {
    private static final List<String> FIRST_COLUMNS = List.of(
            "load",
            "messages/s",
            "deliveries/s",
            "sent to read p50 / p99 ms",
            "expected, delivered",
            "CPU a delivery, µs");

    private final Deployment deployment;
    private final People people;
    private final Options options;
    private final Report report;
    private final Scorecard scorecard;

    FanoutBench(Deployment deployment, People people, Options options, Report report, Scorecard scorecard) {
        this.deployment = deployment;
        this.people = people;
        this.options = options;
        this.report = report;
        this.scorecard = scorecard;
    }

    /** µs of CPU a delivery with as many as go; and deliveries a second at which the slowest hundredth takes 100 ms. */
    private record Figures(double microsEach, double perSecond) {}

    /** With all there are, beside the floor. */
    void run() throws IOException, InterruptedException, ExecutionException {
        var members = people.first(options.members);
        var group = deployment.api().group(members);
        var parley = parley(members, group);
        if (Floor.compiler() == null) {
            report.line("%nNo C compiler (cc, gcc or clang) is installed here, so the floor was not measured.");
            scorecard.unjudged("a delivery, CPU of all servers", parley.microsEach, "µs", "≤ 1.3 ×", "no C compiler");
            scorecard.unjudged("deliveries/s at p99 ≤ 100 ms", parley.perSecond, "/s", "≥ 0.95 ×", "no C compiler");
            return;
        }
        var event = WireEvent.record(
                deployment.address(Part.STREAM_SERVICE),
                members.getFirst(),
                () -> deployment.api().send(members.getFirst(), group, System.nanoTime()));
        var floor = floor(members, event);
        scorecard.atMostTimes(
                1.3,
                "a delivery, CPU of all servers",
                parley.microsEach,
                "µs",
                new Scorecard.Beside("floor", floor.microsEach));
        scorecard.atLeastTimes(
                0.95,
                "deliveries/s at p99 ≤ 100 ms",
                parley.perSecond,
                "/s",
                new Scorecard.Beside("floor", floor.perSecond));
    }

    /** Parley alone, by as many stream nodes as there are. */
    void runWithoutFloor() throws IOException, InterruptedException, ExecutionException {
        var members = people.first(options.members);
        parley(members, deployment.api().group(members));
    }

    private Figures parley(List<Person> members, String group) throws IOException, InterruptedException {
        var nodes = deployment.streamNodes();
        int receivers = options.members * options.devices;
        try (var streams = new StreamClients(nodes)) {
            streams.open(members, options.devices);
            var load = new FanoutLoad(
                    stamp -> deployment.api().send(members.getFirst(), group, stamp),
                    deployment::cpu,
                    streams,
                    receivers);
            load.saturate(options.warmup());

            report.title(
                    "One message to " + receivers + " connections (" + options.members + " members, " + options.devices
                            + " each) at " + nodes.size() + (nodes.size() == 1 ? " stream node" : " stream nodes"));
            report.head(columns());
            var most = load.saturate(options.duration());
            row("as many as go", load, most);
            var best = load.best(most.perSecond(), options.duration());
            row("the most with p99 ≤ 100 ms", load, best);
            if (options.fanoutRate > 0) {
                row(options.fanoutRate + " messages/s", load, load.paced(options.fanoutRate, options.duration()));
            }
            streams.check();
            report.line(
                    "%nStreams closed by the server meanwhile: %d. Refused by 503 and tried again: %d.",
                    streams.ended(), streams.refused());
            return figures(most, best, receivers);
        }
    }

    private Figures floor(List<Person> members, WireEvent event) throws IOException, InterruptedException {
        int receivers = options.members * options.devices;
        try (var floor = Floor.start(options.floor, options.folder());
                var streams = new StreamClients(floor.address())) {
            streams.open(members, options.devices);
            var load =
                    new FanoutLoad(stamp -> floor.publish(event.stamped(stamp)), () -> cpu(floor), streams, receivers);
            load.saturate(options.warmup().dividedBy(4));

            report.title("The floor: a C program that writes the same " + event.length() + " bytes to as many");
            var columns = new ArrayList<>(FIRST_COLUMNS);
            columns.add("generator");
            report.head(columns);
            var most = load.saturate(options.duration());
            floorRow("as many as go", load, most);
            var best = load.best(most.perSecond(), options.duration());
            floorRow("the most with p99 ≤ 100 ms", load, best);
            streams.check();
            report.line("%nStreams that the floor lost: %d.", streams.ended());
            return figures(most, best, receivers);
        }
    }

    private static Figures figures(FanoutLoad.Result most, FanoutLoad.Result best, int receivers) {
        return new Figures((double) most.used().servers() / most.tally().messages(), best.perSecond() * receivers);
    }

    private static CpuSample cpu(Floor floor) throws IOException {
        var micros = Map.of(
                Part.FLOOR,
                floor.cpuMicros(),
                Part.GENERATOR,
                ProcessStat.cpuMicros(ProcessHandle.current().pid()));
        return new CpuSample(micros, 0, ProcessStat.machineCpuMicros(), System.nanoTime());
    }

    private void floorRow(String name, FanoutLoad load, FanoutLoad.Result result) {
        var cells = firstCells(name, load, result);
        cells.add(Report.number(
                (double) result.used().of(Part.GENERATOR) / result.tally().messages()));
        report.row(cells);
    }

    private List<String> columns() {
        var columns = new ArrayList<>(FIRST_COLUMNS);
        for (var part : Part.servers(deployment.hasCassandra())) columns.add(part.title);
        columns.addAll(List.of("generator", "others' cores"));
        return columns;
    }

    private void row(String name, FanoutLoad load, FanoutLoad.Result result) {
        double delivered = result.tally().messages();
        var used = result.used();
        var cells = firstCells(name, load, result);
        for (var part : Part.servers(deployment.hasCassandra())) cells.add(Report.number(used.of(part) / delivered));
        cells.add(Report.number(used.of(Part.GENERATOR) / delivered));
        cells.add(Report.number(used.othersCores()));
        report.row(cells);
    }

    private static List<String> firstCells(String name, FanoutLoad load, FanoutLoad.Result result) {
        long delivered = result.tally().messages();
        return new ArrayList<>(List.of(
                name,
                Report.number(result.perSecond()),
                Report.number(result.perSecond() * load.receivers()),
                SendsBench.quantiles(result.tally().latencies()),
                result.sent() * load.receivers() + ", " + delivered,
                Report.number((double) result.used().servers() / delivered)));
    }
}
