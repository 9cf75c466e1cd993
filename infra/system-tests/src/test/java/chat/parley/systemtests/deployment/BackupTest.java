package chat.parley.systemtests.deployment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedPostgres;
import chat.parley.embedded.EmbeddedRedis.Persistence;
import chat.parley.systemtests.history.Attempt;
import chat.parley.systemtests.history.History;
import chat.parley.systemtests.history.Outcome;
import chat.parley.systemtests.history.Seen;
import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Device;
import chat.parley.systemtests.process.Load;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.Service;
import chat.parley.systemtests.process.ServiceProcess;
import chat.parley.testkit.RealRedis;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The backup that docs/operations.md describes: PostgreSQL's files copied while people chat, and its log. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class BackupTest {
    private static final Duration PAUSE = Duration.ofMillis(20);
    private static final Duration MOST = Duration.ofSeconds(60);

    /** Messages before, while the files are copied, and after. */
    private static final int SOME = 50;

    @TempDir
    Path folder = Path.of("");

    @Test
    void what_was_acknowledged_before_a_backup_ended_is_there_when_it_is_restored_elsewhere() throws Exception {
        var history = new History();
        List<Attempt> saved;
        List<Person> people;
        String conversation;
        String cursor;
        try (var postgres = EmbeddedPostgres.start(folder.resolve("first"));
                var redis = RealRedis.own(Persistence.APPEND_ONLY_FILE)) {
            archiveTheLog(postgres);
            try (var parley = new Parley(postgres, redis.server().uri(), folder)) {
                people = List.of(parley.api().signUp("ann"), parley.api().signUp("bob"));
                conversation = people.getFirst().direct(people.getLast());
                try (var device = Device.connect(
                                people.getLast(),
                                history.device("bob's", people.getLast().id()));
                        var load = Load.start(history, people, List.of(conversation), PAUSE)) {
                    awaitMore(history);
                    saved = backUp(postgres, history);
                    awaitMore(history);
                    load.close();
                    cursor = device.lastEventId();
                }
            }
            postgres.kill(); // the machine is gone, and what Redis had with it
            redis.server().kill();
        }
        restore();
        try (var postgres = EmbeddedPostgres.start(folder.resolve("second"));
                var redis = RealRedis.own(Persistence.NONE);
                var parley = new Parley(postgres, redis.server().uri(), folder)) {
            // Even their logins are as they were.
            var ann = again(people.getFirst(), parley.api());
            var bob = again(people.getLast(), parley.api());
            check(saved, bob.history(conversation));
            var answer = parley.api().openStream(parley.api().stream(), bob.token(), cursor);
            assertEquals(200, answer.statusCode());
            try (var lines = new StreamLines(answer.body())) {
                // His cursor is of a Redis that is no more, and of a time that the restored state does not know.
                await(() -> lines.holds("\"resumed\":\"rebuilt\"") || lines.holds("\"resumed\":\"reset\""));
                assertEquals(
                        Outcome.OK,
                        ann.send(conversation, "new", "after the restore").outcome());
                await(() -> lines.holds("after the restore"));
            }
        }
    }

    private static void check(List<Attempt> saved, List<Seen> restored) {
        assertTrue(saved.size() >= 2 * SOME, "too few messages to show anything: " + saved.size());
        assertEquals(
                LongStream.rangeClosed(1, restored.size()).boxed().toList(),
                restored.stream().map(Seen::seq).toList());
        var texts = new HashMap<Long, String>();
        for (var message : restored) texts.put(message.seq(), message.text());
        for (var attempt : saved) assertEquals(attempt.text(), texts.get(attempt.seq()), attempt::toString);
    }

    private static void archiveTheLog(EmbeddedPostgres postgres) throws Exception {
        var archive = archive(postgres);
        try (var connection = connect(postgres);
                var statement = connection.createStatement()) {
            statement.execute("ALTER SYSTEM SET archive_mode = on");
            statement.execute("ALTER SYSTEM SET archive_command = 'test ! -f %s/%%f && cp %%p %s/%%f'"
                    .formatted(archive, archive));
        }
        postgres.restart();
    }

    private Path data(String name) {
        return folder.resolve(name).resolve("pgdata");
    }

    /** A folder that the server may write to. */
    private static Path archive(EmbeddedPostgres postgres) throws Exception {
        try (var connection = connect(postgres);
                var statement = connection.createStatement();
                var answer = statement.executeQuery("SHOW data_directory")) {
            answer.next();
            var data = Path.of(answer.getString(1));
            var archive = Files.createDirectory(data.resolveSibling("archive"));
            Files.setOwner(archive, Files.getOwner(data));
            return archive;
        }
    }

    /** As the manual's "Making a Base Backup Using the Low Level API" says; pg_basebackup does the same, and is not in our binaries. */
    private List<Attempt> backUp(EmbeddedPostgres postgres, History history) throws Exception {
        try (var connection = connect(postgres);
                var statement = connection.createStatement()) {
            statement.execute("SELECT pg_backup_start('parley', fast => true)");
            awaitMore(history); // so that something changes between the start and the copy
            Programs.run(new ProcessBuilder(
                    "cp",
                    "-a",
                    folder.resolve("first").toString(),
                    folder.resolve("second").toString()));
            var saved = history.attempts().stream()
                    .filter(attempt -> attempt.outcome() == Outcome.OK)
                    .toList();
            try (var label = statement.executeQuery("SELECT labelfile FROM pg_backup_stop(wait_for_archive => true)")) {
                label.next();
                Files.writeString(folder.resolve("label"), label.getString(1));
            }
            return saved;
        }
    }

    private void restore() throws Exception {
        var data = data("second");
        for (var old : List.of("postmaster.pid", "postmaster.opts")) Files.deleteIfExists(data.resolve(old));
        Programs.run(new ProcessBuilder("find", data.resolve("pg_wal").toString(), "-type", "f", "-delete"));
        for (var made : Map.of("backup_label", Files.readString(folder.resolve("label")), "recovery.signal", "")
                .entrySet()) {
            Files.setOwner(Files.writeString(data.resolve(made.getKey()), made.getValue()), Files.getOwner(data));
        }
        Files.writeString(
                data.resolve("postgresql.auto.conf"),
                "archive_mode = off\nrestore_command = 'cp %s/%%f %%p'\n"
                        .formatted(folder.resolve("first").toRealPath().resolve("archive")),
                StandardOpenOption.APPEND);
    }

    private static Connection connect(EmbeddedPostgres postgres) throws Exception {
        return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
    }

    private static Person again(Person person, Api api) {
        return new Person(api, person.id(), person.username(), person.token());
    }

    private static void awaitMore(History history) {
        long until = history.acknowledged() + SOME;
        await(() -> history.acknowledged() >= until);
    }

    private static void await(java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await().atMost(MOST).pollInterval(Duration.ofMillis(20)).until(condition);
    }

    /** A send-api and a stream-service over given stores. */
    private static final class Parley implements AutoCloseable {
        private final ServiceProcess sendApi;
        private final ServiceProcess stream;

        Parley(EmbeddedPostgres postgres, String redis, Path folder) {
            var ofSendApi = new HashMap<>(ServiceProcess.stores(postgres, redis));
            ofSendApi.put("PARLEY_LIMIT_SENDS", "1000000");
            sendApi = ServiceProcess.start(Service.SEND_API, ofSendApi, folder);
            var ofStream = new HashMap<>(ServiceProcess.stores(postgres, redis));
            ofStream.put("PARLEY_STREAM_DRAIN", "0");
            stream = ServiceProcess.start(Service.STREAM, ofStream, folder);
            sendApi.awaitReady();
            stream.awaitReady();
        }

        Api api() {
            return new Api(HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1), sendApi.uri(), stream.uri());
        }

        @Override
        public void close() throws InterruptedException {
            stream.close();
            sendApi.close();
        }
    }
}
