package chat.parley.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;

/** The list of conversations, with last messages, unread counts and members shown: what a client asks for when it starts. One request at a time. */
final class ListsBench {
    /** Of each group; every second conversation is a direct one. */
    private static final int GROUP_MEMBERS = 8;

    /** Those whom the readers talk to. */
    private static final int OTHERS = 600;

    private static final int SENDS_EACH = 3;

    /** Of the short page. */
    private static final double P99_MILLIS_MAX = 10;

    private static final int SHORT_PAGE = 50;
    private static final int LONG_PAGE = 500;

    private final Deployment deployment;
    private final People people;
    private final Options options;
    private final Report report;
    private final Scorecard scorecard;

    ListsBench(Deployment deployment, People people, Options options, Report report, Scorecard scorecard) {
        this.deployment = deployment;
        this.people = people;
        this.options = options;
        this.report = report;
        this.scorecard = scorecard;
    }

    void run() throws IOException, InterruptedException, ExecutionException {
        int longer = options.conversations;
        var known = people.first(2 + Math.min(OTHERS, longer / 2 + GROUP_MEMBERS));
        var readers = known.subList(0, 2);
        var others = known.subList(2, known.size());
        fill(readers.getFirst(), others, longer / 2);
        fill(readers.getLast(), others, longer);
        measure(readers.getLast(), LONG_PAGE, options.warmup());

        report.title("Lists of conversations, one request at a time");
        report.head(columns());
        row(readers.getFirst(), longer / 2, LONG_PAGE);
        row(readers.getLast(), longer, SHORT_PAGE);
        row(readers.getLast(), longer, LONG_PAGE);
    }

    private void fill(Person reader, List<Person> others, int count)
            throws IOException, InterruptedException, ExecutionException {
        var calls = new ArrayList<Callable<Void>>();
        for (int i = 0; i < count; i++) {
            int number = i;
            calls.add(() -> {
                converse(reader, others, number);
                return null;
            });
        }
        People.all(calls);
    }

    private void converse(Person reader, List<Person> others, int number) throws IOException, InterruptedException {
        var first = others.get(number / 2 % others.size());
        String conversation;
        if (number % 2 == 0) {
            conversation = deployment.api().direct(reader, first);
        } else {
            var members = new ArrayList<>(List.of(reader));
            for (int i = 0; i < GROUP_MEMBERS - 1; i++) members.add(others.get((number / 2 + i) % others.size()));
            conversation = deployment.api().group(members);
        }
        for (int i = 0; i < SENDS_EACH; i++) deployment.api().send(first, conversation);
    }

    private record Result(Latencies latencies, int bytes, long requests, CpuSample used) {}

    private Result measure(Person reader, int limit, Duration duration) throws IOException, InterruptedException {
        var latencies = new Latencies();
        var before = deployment.cpu();
        long end = System.nanoTime() + duration.toNanos();
        long requests = 0;
        int bytes = 0;
        for (long now = System.nanoTime(); now < end; requests++) {
            bytes = deployment.api().list(reader, limit).length;
            long answered = System.nanoTime();
            latencies.add(answered - now);
            now = answered;
        }
        return new Result(latencies, bytes, requests, deployment.cpu().since(before));
    }

    private static List<String> columns() {
        return List.of(
                "conversations",
                "page",
                "KB",
                "requests/s",
                "answered p50 / p99 ms",
                "CPU a request, µs: send-api",
                "PostgreSQL",
                "generator",
                "others' cores");
    }

    private void row(Person reader, int conversations, int limit) throws IOException, InterruptedException {
        var result = measure(reader, limit, options.duration());
        var used = result.used();
        if (limit == SHORT_PAGE) {
            scorecard.atMost(
                    "list of " + limit + " of " + Report.count(conversations) + " conversations, p99",
                    result.latencies().millis(0.99),
                    "ms",
                    P99_MILLIS_MAX);
        }
        var cells = new ArrayList<String>();
        cells.add(Integer.toString(conversations));
        cells.add(Integer.toString(limit));
        cells.add(Report.number(result.bytes() / 1e3));
        cells.add(Report.number(result.requests() / used.seconds()));
        cells.add(SendsBench.quantiles(result.latencies()));
        for (var part : List.of(Part.SEND_API, Part.POSTGRES, Part.GENERATOR)) {
            cells.add(Report.number((double) used.of(part) / result.requests()));
        }
        cells.add(Report.number(used.othersCores()));
        report.row(cells);
    }
}
