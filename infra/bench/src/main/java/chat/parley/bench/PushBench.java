package chat.parley.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import chat.parley.notifier.LocalPushService;
import chat.parley.notifier.LocalPushService.Received;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;

/**
 * From a message to the browser that it wakes: sent at a rate to people who have no stream, and read, decrypted, at a push service that this process plays.
 */
final class PushBench {
    /** People with a browser each. So many that a conversation has a message or two a second, as a lively one has. */
    private static final int PEOPLE = 100;

    private static final long ARRIVAL_PATIENCE_NANOS = 60_000_000_000L;
    private static final long LOOK_MILLIS = 20;

    private final Deployment deployment;
    private final People people;
    private final Options options;
    private final Report report;
    private int runs;

    PushBench(Deployment deployment, People people, Options options, Report report) {
        this.deployment = deployment;
        this.people = people;
        this.options = options;
        this.report = report;
    }

    void run() throws IOException, InterruptedException, ExecutionException {
        var all = people.first(2 * PEOPLE);
        var senders = all.subList(0, PEOPLE);
        var sleepers = all.subList(PEOPLE, 2 * PEOPLE);
        var routes = people.direct(senders, sleepers);
        try (var service = LocalPushService.start()) {
            subscribe(sleepers, service);
            send(routes, options.warmup(), service);

            report.title("Pushes to browsers, " + options.pushRate + " messages a second to people without a stream");
            report.head(columns());
            int earlier = service.received().size();
            var before = deployment.cpu();
            var sends = send(routes, options.duration(), service);
            var used = deployment.cpu().since(before);
            var pushes = service.received();
            report.row(cells(sends, pushes.subList(earlier, pushes.size()), used));
            report.line(
                    "%nConnections to the push service: %d. Requests that were not as they should be: %d.",
                    service.connections(), service.faults().size());
        }
    }

    private void subscribe(List<Person> sleepers, LocalPushService service)
            throws InterruptedException, ExecutionException {
        var calls = new ArrayList<Callable<Boolean>>();
        for (var sleeper : sleepers) {
            calls.add(() -> {
                deployment.api().register(sleeper, service.subscribe());
                return true;
            });
        }
        People.all(calls);
    }

    /** Returns when all pushes are there, or patience is at its end. */
    private SendLoad.Result send(List<List<Sender.Route>> routes, Duration duration, LocalPushService service)
            throws IOException, InterruptedException {
        int earlier = service.received().size();
        var sends =
                SendLoad.run(deployment.address(Part.SEND_API), routes, duration, options.pushRate, "push" + runs++);
        long patient = System.nanoTime() + ARRIVAL_PATIENCE_NANOS;
        while (service.received().size() - earlier < sends.acknowledged() && System.nanoTime() < patient) {
            Thread.sleep(LOOK_MILLIS);
        }
        return sends;
    }

    private List<String> columns() {
        var columns = new ArrayList<>(
                List.of("messages/s", "answered p50 / p99 ms", "sent to decrypted p50 / p99 ms", "sent, pushed"));
        columns.add("CPU a push, µs");
        for (var part : Part.servers(deployment.hasCassandra())) columns.add(part.title);
        columns.addAll(List.of("generator", "others' cores"));
        return columns;
    }

    private List<String> cells(SendLoad.Result sends, List<Received> pushes, CpuSample used) {
        var latencies = new Latencies();
        for (var push : pushes) {
            byte[] text = push.json().path("body").asText().getBytes(US_ASCII);
            latencies.add(push.nanos() - Stamp.read(text, 0, Math.min(Stamp.DIGITS, text.length)));
        }
        double count = pushes.size();
        var cells = new ArrayList<String>();
        cells.add(Report.number(sends.perSecond()));
        cells.add(SendsBench.quantiles(sends.answers()));
        cells.add(SendsBench.quantiles(latencies));
        cells.add(sends.acknowledged() + ", " + pushes.size());
        cells.add(Report.number(used.servers() / count));
        for (var part : Part.servers(deployment.hasCassandra())) cells.add(Report.number(used.of(part) / count));
        cells.add(Report.number(used.of(Part.GENERATOR) / count));
        cells.add(Report.number(used.othersCores()));
        return cells;
    }
}
