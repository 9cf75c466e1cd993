package chat.parley.systemtests.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The real thing: processes, servers, signals. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class LauncherRunsTest {
    private static final String ANN =
            "{\"username\":\"ann\",\"password\":\"correct horse battery\",\"display_name\":\"Ann\"}";
    private static final String ANN_AGAIN = "{\"username\":\"ann\",\"password\":\"correct horse battery\"}";

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    @TempDir
    Path temporary = Path.of("");

    @BeforeEach
    void openFolder() throws IOException {
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwx--x--x"));
    }

    /** Servers of a JVM that was killed end by themselves, a moment later; the folder is deleted after them. */
    @AfterEach
    void awaitTheServersEnd() {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> ParleyProcess.serversOf(temporary).isEmpty());
    }

    @Test
    void two_run_side_by_side_and_sigterm_ends_one_with_all_its_servers() throws Exception {
        var first = temporary.resolve("first");
        var second = temporary.resolve("second");
        try (var one = ParleyProcess.start(first);
                var other = ParleyProcess.start(second)) {
            assertNotEquals(one.address(), other.address());
            assertEquals(200, one.statusOf("/readyz"), one::outputNow);
            assertEquals(200, other.statusOf("/readyz"));
            assertEquals(2, ParleyProcess.serversOf(first).size());

            one.terminate();
            assertEquals(0, one.exitCode());
            assertEquals(List.of(), ParleyProcess.serversOf(first));
            assertEquals(200, other.statusOf("/readyz"));
        }
    }

    @Test
    void ctrl_c_reaches_the_jvm_alone_which_ends_the_servers_cleanly() throws Exception {
        var data = temporary.resolve("data");
        try (var parley = ParleyProcess.startThrough(List.of("setsid"), data)) {
            parley.address();
            parley.interruptGroup();
            assertEquals(0, parley.exitCode());
        }
        assertEquals(List.of(), ParleyProcess.serversOf(data));
        assertTrue(Files.readString(data.resolve("postgres/server.log")).contains("database system is shut down"));
    }

    @Test
    void after_kill_9_it_starts_again_with_its_data() throws Exception {
        var data = temporary.resolve("data");
        try (var parley = ParleyProcess.start(data)) {
            assertEquals(201, parley.post("/v1/users", ANN));
            parley.kill();
        }
        try (var again = ParleyProcess.start(data)) {
            assertEquals(201, again.post("/v1/sessions", ANN_AGAIN));
            again.terminate();
            assertEquals(0, again.exitCode());
        }
    }

    @Test
    void given_servers_are_used_and_left_running() throws Exception {
        var data = temporary.resolve("data");
        var jdbc = URI.create(POSTGRES.jdbcUrl().substring("jdbc:".length()));
        var postgres = "postgresql://" + POSTGRES.user() + ":" + POSTGRES.password() + "@" + jdbc.getAuthority()
                + jdbc.getPath();
        try (var parley = ParleyProcess.start(data, "--postgres", postgres, "--redis", REDIS.uri())) {
            assertEquals(200, parley.statusOf("/readyz"));
            assertEquals(201, parley.post("/v1/users", ANN));
            parley.terminate();
            assertEquals(0, parley.exitCode());
        }
        try (var made = Files.list(data)) {
            assertEquals(
                    List.of("media"),
                    made.map(it -> it.getFileName().toString()).toList(),
                    "no server of its own");
        }
        assertTrue(POSTGRES.server().isAlive());
        assertTrue(REDIS.server().isAlive());
    }

    @Test
    void a_normal_user_can_run_it_where_root_can() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "every other test already runs as a normal user");
        var data = temporary.resolve("data");
        Files.createDirectory(data);
        Files.setAttribute(data, "unix:uid", 65534);
        // The capability lets this user read a repository and a Maven cache below a closed home; it writes nowhere but
        // in its data.
        var user = List.of(
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "--bounding-set=-all,+dac_read_search",
                "--inh-caps=-all,+dac_read_search",
                "--ambient-caps=-all,+dac_read_search");
        try (var parley = ParleyProcess.startThrough(user, data)) {
            assertEquals(200, parley.statusOf("/readyz"));
            parley.terminate();
            assertEquals(0, parley.exitCode());
        }
        assertEquals(65534, Files.getAttribute(data.resolve("postgres"), "unix:uid"));
    }

    @Test
    void a_folder_or_port_in_use_is_one_sentence_and_exit_code_1() throws Exception {
        var data = temporary.resolve("data");
        try (var parley = ParleyProcess.start(data)) {
            var port = parley.address().getPort();
            try (var second = ParleyProcess.start(data)) {
                assertEquals(1, second.exitCode());
                assertTrue(second.output().contains("in use by another running Parley"), second.output());
            }
            var other = temporary.resolve("other");
            try (var third =
                    ParleyProcess.withArguments("--data", other.toString(), "--port", Integer.toString(port))) {
                assertEquals(1, third.exitCode());
                assertTrue(third.output().contains("parley: "), third.output());
                assertTrue(third.output().contains(Integer.toString(port)), third.output());
            }
            assertFalse(Files.exists(other));
        }
    }

    @Test
    void help_names_every_option_and_a_wrong_one_is_refused() throws Exception {
        try (var help = ParleyProcess.withArguments("--help")) {
            assertEquals(0, help.exitCode());
            for (var option :
                    List.of("--port", "--data", "--host", "--postgres", "--redis", "--issuers", "--metrics-port")) {
                assertTrue(help.output().contains(option), option);
            }
        }
        try (var wrong = ParleyProcess.withArguments("--prot", "8080")) {
            assertEquals(2, wrong.exitCode());
            assertTrue(wrong.output().contains("--prot"));
        }
    }
}
