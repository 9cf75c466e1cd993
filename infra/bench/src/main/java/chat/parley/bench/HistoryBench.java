package chat.parley.bench;

import chat.parley.id.ConversationId;
import java.io.IOException;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;

/** Pages anywhere in a short and in a long conversation, one request at a time. The messages are put into the table by one statement. */
final class HistoryBench {
    private static final int PAGE = 50;
    private static final double P99_MILLIS_MAX = 5;

    /** What is still called flat: pages of a large table are not all in the cache, and one measurement differs from the next. */
    private static final double FLAT = 1.5;

    /** So that runs ask for the same pages. */
    private static final long SEED = 7;

    private final Deployment deployment;
    private final People people;
    private final Options options;
    private final Report report;
    private final Scorecard scorecard;
    private final SplittableRandom random = new SplittableRandom(SEED);

    HistoryBench(Deployment deployment, People people, Options options, Report report, Scorecard scorecard) {
        this.deployment = deployment;
        this.people = people;
        this.options = options;
        this.report = report;
        this.scorecard = scorecard;
    }

    void run() throws IOException, InterruptedException, ExecutionException, SQLException {
        var pair = people.first(3);
        report.title("A page of " + PAGE + " anywhere in a conversation, one request at a time");
        report.head(List.of(
                "messages",
                "requests/s",
                "answered p50 / p99 ms",
                "KB",
                "CPU a request, µs: send-api",
                "PostgreSQL",
                "generator",
                "others' cores"));
        double first = 0;
        for (int i = 0; i < options.histories.size(); i++) {
            int messages = options.histories.get(i);
            // A conversation of its own for each; the one reader is in all of them.
            var conversation = deployment.api().group(List.of(pair.getFirst(), pair.get(1 + i % 2)));
            fill(conversation, messages);
            if (i == 0) read(pair.getFirst(), conversation, messages, options.warmup());
            double p99 = measure(pair.getFirst(), conversation, messages);
            if (i == 0) first = p99;
            scorecard.atMost(
                    "page of " + PAGE + " of " + Report.count(messages) + " messages, p99", p99, "ms", P99_MILLIS_MAX);
            if (i == options.histories.size() - 1 && i > 0) {
                scorecard.atMostTimes(
                        FLAT,
                        "the same, long conversation to short",
                        p99,
                        "ms",
                        new Scorecard.Beside(Report.count(options.histories.getFirst()) + " messages", first));
            }
        }
    }

    private double measure(Person reader, String conversation, int messages) throws IOException, InterruptedException {
        var before = deployment.cpu();
        var pages = read(reader, conversation, messages, options.duration());
        var used = deployment.cpu().since(before);
        report.row(List.of(
                Report.count(messages),
                Report.number(pages.requests / used.seconds()),
                SendsBench.quantiles(pages.latencies),
                Report.number(pages.bytes / 1e3),
                Report.number((double) used.of(Part.SEND_API) / pages.requests),
                Report.number((double) used.of(Part.POSTGRES) / pages.requests),
                Report.number((double) used.of(Part.GENERATOR) / pages.requests),
                Report.number(used.othersCores())));
        return pages.latencies.millis(0.99);
    }

    private record Pages(Latencies latencies, long requests, int bytes) {}

    private Pages read(Person reader, String conversation, int messages, Duration duration)
            throws IOException, InterruptedException {
        var latencies = new Latencies();
        long end = System.nanoTime() + duration.toNanos();
        long requests = 0;
        int bytes = 0;
        for (long now = System.nanoTime(); now < end; requests++) {
            long before = random.nextLong(Math.min(PAGE, messages), messages + 1);
            bytes = deployment.api().history(reader, conversation, before, PAGE).length;
            long answered = System.nanoTime();
            latencies.add(answered - now);
            now = answered;
        }
        return new Pages(latencies, requests, bytes);
    }

    /** Messages as the service stores them, but for their search rows and marks. */
    private void fill(String conversation, int messages) throws SQLException {
        long id = ConversationId.parse(conversation).value();
        try (var connection = DriverManager.getConnection(
                        deployment.postgres().jdbcUrl(),
                        deployment.postgres().user(),
                        deployment.postgres().password());
                var statement = connection.createStatement()) {
            statement.execute("""
                    INSERT INTO message (conversation_id, seq, sender_id, client_message_id, body_hash, text, created_at)
                    SELECT c.id, c.last_seq + n, m.user_id, 'bench-' || n, decode(repeat('ab', 16), 'hex'), '%1$s',
                        date_trunc('milliseconds', now())
                    FROM conversation c
                    JOIN (SELECT user_id FROM member WHERE conversation_id = %2$d ORDER BY user_id LIMIT 1) m ON true
                    CROSS JOIN generate_series(1, %3$d) AS n
                    WHERE c.id = %2$d
                    """.formatted(Stamp.text(0), id, messages));
            statement.execute("""
                    UPDATE conversation SET last_seq = last_seq + %d, last_at = date_trunc('milliseconds', now()) WHERE id = %d
                    """.formatted(messages, id));
            statement.execute("VACUUM ANALYZE message");
            statement.execute("CHECKPOINT");
        }
    }
}
