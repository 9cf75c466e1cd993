package chat.parley.bench;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.management.JMException;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holds the work of a message, of a delivery and of a connection to what it is: counted, not timed, so that a busy machine counts the same. The
 * services run as they do for people, but for the compiler: the simple one leaves out no allocation, so bytes do not depend on what it has got to.
 * Each bound stands somewhat above what was counted when it was set: who needs more says why, who needs less lowers it.
 */
@Timeout(300)
class WorkTest {
    private static final List<String> JVM = List.of("-XX:TieredStopAtLevel=1");
    private static final long PATIENCE_NANOS = 30_000_000_000L;
    private static final Duration IDLE = Duration.ofMillis(1_500);
    private static final int WARM_UP = 200;
    private static final int MESSAGES = 400;
    private static final int GROUP = 300;
    private static final int GROUP_MESSAGES = 100;
    private static final int CONNECTIONS = 600;
    private static final double DELIVERY_BYTES_MAX = 250;
    private static final double DELIVERY_WRITES_MAX = 1.05;

    /** More than the target for 10,000 connections: what all share is spread over fewer here. */
    private static final double CONNECTION_BYTES_MAX = 2_300;

    private static final List<Part> SERVICES = List.of(Part.SEND_API, Part.STREAM_SERVICE);

    @TempDir
    Path folder;

    private final List<Executable> checks = new ArrayList<>();
    private final Map<Part, Allocations> allocations = new EnumMap<>(Part.class);

    /** Counters at a moment, or between two. */
    private record Work(Map<What, Double> counts, long nanos) {
        /** From then on; without what is done by the clock, of which {@code idle} is a sample. */
        Work since(Work earlier, @Nullable Work idle) {
            var difference = new EnumMap<What, Double>(What.class);
            long time = nanos - earlier.nanos;
            counts.forEach((what, count) -> {
                double byTheClock = idle == null ? 0 : idle.of(what) * time / idle.nanos;
                difference.put(what, count - earlier.of(what) - byTheClock);
            });
            return new Work(difference, time);
        }

        double of(What what) {
            return counts.getOrDefault(what, 0.0);
        }
    }

    private enum What {
        SEND_API_BYTES("bytes that send-api allocates", 100_000),
        STREAM_SERVICE_BYTES("bytes that stream-service allocates", 6_000),
        SEND_API_WRITES("writes of send-api", 7),
        STREAM_SERVICE_WRITES("writes of stream-service", 1.5),
        TRANSACTIONS("writing transactions of PostgreSQL", 4),
        COMMANDS("commands of Redis, those of scripts counted", 13);

        final String text;
        final double messageMax;

        What(String text, double messageMax) {
            this.text = text;
            this.messageMax = messageMax;
        }
    }

    @Test
    void the_work_of_a_message_a_delivery_and_a_connection_stays_what_it_is() throws Exception {
        try (var deployment = Deployment.start(folder, JVM, Options.Store.POSTGRES)) {
            var people = new People(deployment);
            try {
                for (var service : SERVICES) allocations.put(service, Allocations.of(deployment.pid(service)));
                delivery(deployment, people, message(deployment, people));
                connection(deployment, people);
            } finally {
                for (var each : allocations.values()) each.close();
            }
        }
        assertAll(checks);
    }

    private void connection(Deployment deployment, People people) throws Exception {
        var crowd = people.first(CONNECTIONS);
        long service = deployment.pid(Part.STREAM_SERVICE);
        try (var streams = new StreamClients(deployment.address(Part.STREAM_SERVICE))) {
            streams.open(crowd.subList(0, CONNECTIONS / 4), 1);
            long before = LiveHeap.bytes(service);
            streams.open(crowd.subList(CONNECTIONS / 4, CONNECTIONS), 1);
            double each = (LiveHeap.bytes(service) - before) / (CONNECTIONS * 0.75);
            atMost(CONNECTION_BYTES_MAX, each, "bytes of live heap a connection");
            streams.check();
        }
    }

    /**
     * To one person who is connected, one message after the other: nothing is done together with anything else. Returns what is done by the clock.
     */
    private Work message(Deployment deployment, People people) throws Exception {
        var pair = people.first(2);
        var conversation = deployment.api().direct(pair.getFirst(), pair.getLast());
        try (var streams = new StreamClients(deployment.address(Part.STREAM_SERVICE))) {
            streams.open(List.of(pair.getLast()), 1);
            send(deployment, pair.getFirst(), conversation, WARM_UP, streams.tally(), 1);
            var idle = idle(deployment);
            var before = work(deployment);
            send(deployment, pair.getFirst(), conversation, MESSAGES, streams.tally(), 1);
            var work = work(deployment).since(before, idle);
            streams.check();
            for (var what : What.values()) atMost(what.messageMax, work.of(what) / MESSAGES, what.text + " a message");
            return idle;
        }
    }

    /** One message to a large group. */
    private void delivery(Deployment deployment, People people, Work idle) throws Exception {
        var members = people.first(GROUP);
        var group = deployment.api().group(members);
        try (var streams = new StreamClients(deployment.address(Part.STREAM_SERVICE))) {
            streams.open(members, 1);
            send(deployment, members.getFirst(), group, GROUP_MESSAGES, streams.tally(), GROUP);
            var before = work(deployment);
            send(deployment, members.getFirst(), group, GROUP_MESSAGES, streams.tally(), GROUP);
            var work = work(deployment).since(before, idle);
            streams.check();
            double deliveries = GROUP * GROUP_MESSAGES;
            atMost(DELIVERY_BYTES_MAX, work.of(What.STREAM_SERVICE_BYTES) / deliveries, "bytes allocated a delivery");
            atMost(DELIVERY_WRITES_MAX, work.of(What.STREAM_SERVICE_WRITES) / deliveries, "writes a delivery");
        }
    }

    private static void send(
            Deployment deployment, Person sender, String conversation, int count, Tally tally, int readers)
            throws IOException, InterruptedException {
        for (int i = 1; i <= count; i++) {
            deployment.api().send(sender, conversation);
            assertTrue(tally.await((long) i * readers, PATIENCE_NANOS), "message " + i + " was not read by all");
        }
    }

    private void atMost(double bound, double counted, String what) {
        var line = String.format(Locale.ROOT, "%,.2f %s (at most %,.2f)", counted, what, bound);
        System.out.println(line);
        checks.add(() -> assertTrue(counted <= bound, line));
    }

    /** What is done by the clock: of two samples the less, as something rare may fall into one. */
    private Work idle(Deployment deployment) throws Exception {
        var first = sample(deployment);
        var second = sample(deployment);
        var least = new EnumMap<What, Double>(What.class);
        first.counts.forEach((what, count) -> least.put(what, Math.min(count, second.of(what))));
        return new Work(least, Math.max(first.nanos, second.nanos));
    }

    private Work sample(Deployment deployment) throws Exception {
        var before = work(deployment);
        Awaitility.await().pollDelay(IDLE).until(() -> true);
        return work(deployment).since(before, null);
    }

    private Work work(Deployment deployment) throws Exception {
        var counts = new EnumMap<What, Double>(What.class);
        counts.put(What.SEND_API_BYTES, (double) allocated(Part.SEND_API));
        counts.put(What.STREAM_SERVICE_BYTES, (double) allocated(Part.STREAM_SERVICE));
        counts.put(What.SEND_API_WRITES, (double) writes(deployment.pid(Part.SEND_API)));
        counts.put(What.STREAM_SERVICE_WRITES, (double) writes(deployment.pid(Part.STREAM_SERVICE)));
        counts.put(What.TRANSACTIONS, (double) transactions(deployment));
        counts.put(What.COMMANDS, (double) deployment.redisCommands());
        return new Work(counts, System.nanoTime());
    }

    private long allocated(Part service) throws IOException, JMException {
        var counter = allocations.get(service);
        return counter == null ? 0 : counter.bytes();
    }

    /** Calls of write(2) and its kin; see proc(5). */
    private static long writes(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(pid), "io")).stream()
                .filter(line -> line.startsWith("syscw:"))
                .mapToLong(
                        line -> Long.parseLong(line.substring("syscw:".length()).strip()))
                .sum();
    }

    /** Numbers given to transactions that wrote, a statement alone among them. The statistics would be some seconds late. */
    private static long transactions(Deployment deployment) throws SQLException {
        var postgres = deployment.postgres();
        try (var connection = DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")) {
            row.next();
            return row.getLong(1);
        }
    }
}
