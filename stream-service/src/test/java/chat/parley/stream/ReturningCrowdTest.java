package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.message.Message;
import chat.parley.message.MessageSettings;
import chat.parley.message.MessageStore;
import chat.parley.stream.StreamWorld.NodeUnderTest;
import chat.parley.stream.StreamWorld.Person;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Hundreds come back at once with cursors of long ago: they take turns, nobody loses anything, and who is live or comes new does not notice. */
class ReturningCrowdTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final int POLLS = 20;
    private static final int MESSAGES = 250;

    private static final int PLACES = Rebuilds.Limits.DEFAULT.places();

    /** A fourth of the 8 connections of the node under test. */
    private static final int READS = 2;

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Pattern SEQ = Pattern.compile("\"type\":\"message.created\".*?\"seq\":(\\d+)");

    private final HttpClient http = HttpClient.newHttpClient();
    private StreamWorld world;
    private NodeUnderTest node;

    @BeforeEach
    void open() throws Exception {
        world = new StreamWorld(POSTGRES, REDIS.uri(), keptIn());
        node = world.node(StreamWorld.LIMITS, false); // who is there reads the same table
        StreamServiceTest.awaitReady(node);
    }

    /** Where messages are; the rest is in PostgreSQL. */
    MessageSettings keptIn() {
        return MessageSettings.POSTGRES;
    }

    /** How many come back: many more than have places. */
    int crowdSize() {
        return 300;
    }

    @AfterEach
    void close() throws Exception {
        node.close();
        world.close();
        http.close();
    }

    @Test
    void it_takes_turns_while_live_streams_go_on_and_nobody_loses_anything() throws Exception {
        int size = crowdSize();
        var crowd = people(size);
        var group = world.group(crowd.getFirst(), crowd.subList(1, size));
        for (int i = 1; i <= MESSAGES; i++) {
            world.store(group, crowd.getFirst(), "message " + i);
        }
        var ann = world.person();
        var ben = world.person();
        var direct = world.direct(ann, ben);
        var live = new ArrayList<Message>();
        for (int i = 0; i < 20; i++) {
            live.add(world.store(direct, ann, "live " + i));
        }
        // Where messages are elsewhere the rows follow, by a statement that would wait for the lock below.
        patiently().until(() -> rowsSay(group, MESSAGES) && rowsSay(direct, live.size()));
        var cursor = new Cursor(1, 1, Instant.now().minus(Duration.ofDays(7)).toEpochMilli(), "abc123");
        var returning = new ArrayList<Callable<Set<Long>>>();
        for (int i = 0; i < size; i++) {
            var person = crowd.get(i);
            returning.add(i < POLLS ? () -> polled(person, cursor) : () -> streamed(person, cursor));
        }
        try (var connected = SseClient.resume(node.port(), ben, null);
                var blocker = POSTGRES.dataSource().getConnection();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            connected.until(StreamEvents.CAUGHT_UP);
            // Every rebuild reads this table; those that are let to it wait there until the statement's limit.
            blocker.setAutoCommit(false);
            blocker.createStatement().execute("LOCK TABLE member IN ACCESS EXCLUSIVE MODE");
            var crowdsEnd = returning.stream().map(threads::submit).toList();
            patiently().until(() -> gauge("waiting") > size / 2.0 && gauge("running") == PLACES);
            for (var message : live) {
                assertTrue(readsHeldUp(blocker) <= READS);
                assertTrue(world.publish(message, false));
                assertEquals(message.seq(), connected.next("message.created").seq());
            }
            patiently().until(() -> readsHeldUp(blocker) == READS);
            assertEquals(READS, gauge("reads"));
            assertTrue(gauge("waiting") > size / 2.0, "the crowd still waits");
            try (var newcomer = SseClient.resume(node.port(), ann, null)) {
                newcomer.until(StreamEvents.CAUGHT_UP);
            }
            blocker.rollback();

            var rows = new TreeSet<Double>();
            patiently().until(() -> {
                rows.add(gauge("rows"));
                return crowdsEnd.stream().allMatch(Future::isDone);
            });
            var everything = LongStream.rangeClosed(1, MESSAGES).boxed().collect(Collectors.toSet());
            for (var person : crowdsEnd) {
                assertEquals(everything, person.get());
            }
            // A page of messages, the members and what else changed, for those who have a place: not for the whole
            // crowd.
            assertTrue(rows.last() <= PLACES * (MessageStore.LIMIT_MAX + size + 50), "rows in memory: " + rows.last());
        }
        patiently().until(() -> gauge("running") == 0 && gauge("waiting") == 0 && gauge("rows") == 0);
        assertTrue(node.meters
                        .registry()
                        .get("parley.stream.rebuilds.pages")
                        .counter()
                        .count()
                >= size * 2);
    }

    /** As a client does: sent away, it comes back with the cursor it has. */
    private Set<Long> streamed(Person person, Cursor cursor) throws Exception {
        while (true) {
            try (var client = SseClient.resume(node.port(), person, cursor.toString())) {
                if (client.status() != 200) {
                    assertEquals(503, client.status()); // so many at once, on a slow machine
                    continue;
                }
                var seqs = new TreeSet<Long>();
                for (var frame = nextOf(client); frame != null; frame = nextOf(client)) {
                    if (frame.event().equals("message.created")) {
                        seqs.add(frame.seq());
                    }
                    if (frame.event().equals(StreamEvents.CAUGHT_UP)) {
                        return seqs;
                    }
                }
            }
        }
    }

    /** Null where it was told to come back. */
    private static SseClient.@Nullable Frame nextOf(SseClient client) throws InterruptedException {
        var frame = client.nextWithin(PATIENCE);
        return frame.event().equals(StreamEvents.BUSY) || frame.event().equals("end of stream") ? null : frame;
    }

    private Set<Long> polled(Person person, Cursor cursor) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + "/v1/stream?wait=0"))
                .header("Authorization", "Bearer " + person.token())
                .header("Accept", "application/json")
                .header("Last-Event-ID", cursor.toString())
                .timeout(PATIENCE)
                .build();
        while (true) {
            var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 200) {
                return SEQ.matcher(answer.body())
                        .results()
                        .map(found -> Long.valueOf(found.group(1)))
                        .collect(Collectors.toSet());
            }
            assertEquals(503, answer.statusCode());
        }
    }

    private List<Person> people(int count) {
        var people = new ArrayList<Person>();
        for (int i = 0; i < count; i++) {
            people.add(world.person());
        }
        return people;
    }

    private boolean rowsSay(ConversationId conversation, long seq) {
        return world.postgres.with(db -> db.createQuery("SELECT last_seq = ? FROM conversation WHERE id = ?")
                .bind(0, seq)
                .bind(1, conversation.value())
                .mapTo(Boolean.class)
                .one());
    }

    /** Those that wait for the lock that {@code blocker} has. */
    private static long readsHeldUp(Connection blocker) throws SQLException {
        try (var rows = blocker.createStatement().executeQuery("""
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                """)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private double gauge(String name) {
        return node.meters
                .registry()
                .get("parley.stream.rebuilds." + name)
                .gauge()
                .value();
    }

    private static ConditionFactory patiently() {
        return Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20));
    }
}
