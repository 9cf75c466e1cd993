package chat.parley.bench;

import chat.parley.id.ConversationId;
import java.io.IOException;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;

/**
 * One message by the size of its group, with a few members connected; then to thousands of connected members of one large group. Members beyond the first are
 * put into the tables by one statement: what a message costs is measured, not what a sign-up costs.
 */
final class GroupsBench {
    private static final long READ_PATIENCE_NANOS = 20_000_000_000L;

    /** Members who are connected, where there are so many. */
    private static final int CONNECTED = 10;

    /** Members made by the API; from 257 on a group is large. */
    private static final int MADE_MAX = 300;

    private final Deployment deployment;
    private final People people;
    private final Options options;
    private final Report report;

    GroupsBench(Deployment deployment, People people, Options options, Report report) {
        this.deployment = deployment;
        this.people = people;
        this.options = options;
        this.report = report;
    }

    void run() throws IOException, InterruptedException, ExecutionException, SQLException {
        bySize();
        toMany();
    }

    private void bySize() throws IOException, InterruptedException, ExecutionException, SQLException {
        boolean isFirst = true;
        report.title("One message by the size of its group, one after the other, " + CONNECTED + " members connected");
        report.head(columns("members"));
        for (int size : options.groupSizes) {
            var members = people.first(Math.min(size, MADE_MAX));
            var group = deployment.api().group(members);
            if (size > members.size()) {
                fill(group, size - members.size());
            }
            var connected = members.subList(0, Math.min(CONNECTED, members.size()));
            try (var streams = new StreamClients(deployment.address(Part.STREAM_SERVICE))) {
                streams.open(connected, 1);
                if (isFirst) {
                    send(members.getFirst(), group, connected.size(), streams.tally(), options.warmup());
                    isFirst = false;
                }
                send(members.getFirst(), group, connected.size(), streams.tally(), Duration.ofSeconds(2));
                var tally = streams.tally();
                var before = deployment.cpu();
                long messages = send(members.getFirst(), group, connected.size(), tally, options.duration());
                row(
                        Report.number(size),
                        messages,
                        (double) messages,
                        tally,
                        deployment.cpu().since(before));
                streams.check();
            }
        }
    }

    private void toMany() throws IOException, InterruptedException, ExecutionException {
        int count = options.groupConnected;
        var members = people.first(count);
        var group = deployment.api().group(members);
        try (var streams = new StreamClients(deployment.address(Part.STREAM_SERVICE))) {
            streams.open(members, 1);
            send(members.getFirst(), group, count, streams.tally(), options.warmup());
            report.title("One message to " + count + " connected members of one group; CPU a delivery");
            report.head(columns("load"));
            var tally = streams.tally();
            var before = deployment.cpu();
            long messages = send(members.getFirst(), group, count, tally, options.duration());
            row(
                    "one after the other",
                    messages,
                    (double) tally.messages(),
                    tally,
                    deployment.cpu().since(before));
            streams.check();
            report.line(
                    "%nExpected %d, delivered %d. Streams closed by the server meanwhile: %d.",
                    messages * count, tally.messages(), streams.ended());
        }
    }

    /** Each when the one before was read by all. */
    private long send(Person sender, String group, int receivers, Tally tally, Duration duration)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + duration.toNanos();
        long messages = 0;
        while (System.nanoTime() < end) {
            deployment.api().send(sender, group);
            messages++;
            if (!tally.await(messages * receivers, READ_PATIENCE_NANOS)) break;
        }
        return messages;
    }

    /** Members who never come. */
    private void fill(String group, int count) throws SQLException {
        long id = ConversationId.parse(group).value();
        try (var connection = DriverManager.getConnection(
                        deployment.postgres().jdbcUrl(),
                        deployment.postgres().user(),
                        deployment.postgres().password());
                var statement = connection.createStatement()) {
            statement.execute("""
                    INSERT INTO users (id, username, display_name, search_name, created_at)
                    SELECT %1$d + n, 'many%1$d' || n, 'Many', 'many', now() FROM generate_series(1, %2$d) AS n
                    """.formatted(id, count));
            statement.execute("""
                    INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, changed_at)
                    SELECT %1$d, %1$d + n, 'member', now(), 1, now() FROM generate_series(1, %2$d) AS n
                    """.formatted(id, count));
            statement.execute(
                    "UPDATE conversation SET member_count = member_count + %d WHERE id = %d".formatted(count, id));
            statement.execute("ANALYZE");
        }
    }

    private List<String> columns(String first) {
        var columns = new ArrayList<>(List.of(first, "messages/s", "sent to read p50 / p99 ms", "CPU, µs"));
        for (var part : Part.servers(deployment.hasCassandra())) columns.add(part.title);
        columns.addAll(List.of("generator", "others' cores"));
        return columns;
    }

    private void row(String first, long messages, double per, Tally tally, CpuSample used) {
        var cells = new ArrayList<String>();
        cells.add(first);
        cells.add(Report.number(messages / used.seconds()));
        cells.add(SendsBench.quantiles(tally.latencies()));
        cells.add(Report.number(used.servers() / per));
        for (var part : Part.servers(deployment.hasCassandra())) cells.add(Report.number(used.of(part) / per));
        cells.add(Report.number(used.of(Part.GENERATOR) / per));
        cells.add(Report.number(used.othersCores()));
        report.row(cells);
    }
}
