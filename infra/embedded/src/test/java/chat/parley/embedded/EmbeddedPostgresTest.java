package chat.parley.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class EmbeddedPostgresTest {
    @TempDir
    Path temporary = Path.of("");

    private Path data = Path.of("");

    @BeforeEach
    void openFolder() throws IOException {
        data = TestFolders.open(temporary).resolve("with a space").resolve("postgres");
    }

    @Test
    void a_second_start_finds_the_data_of_the_first() throws SQLException {
        String password;
        try (var postgres = EmbeddedPostgres.start(data)) {
            password = postgres.password();
            query(postgres, "CREATE TABLE note AS SELECT 'kept' AS text");
        }
        try (var postgres = EmbeddedPostgres.start(data)) {
            assertEquals(password, postgres.password());
            assertEquals("kept", query(postgres, "SELECT text FROM note"));
        }
    }

    @Test
    void what_was_committed_before_a_kill_is_there_after_a_restart_on_the_same_port() throws SQLException {
        try (var postgres = EmbeddedPostgres.start(data)) {
            query(postgres, "CREATE TABLE note AS SELECT 'kept' AS text");
            var port = postgres.port();
            var pid = postgres.pid();
            postgres.kill();
            assertFalse(postgres.isAlive());
            postgres.restart();
            assertEquals(port, postgres.port());
            assertNotEquals(pid, postgres.pid());
            assertEquals("kept", query(postgres, "SELECT text FROM note"));
        }
    }

    @Test
    void the_answer_to_a_commit_means_on_disk_and_text_is_utf_8() throws SQLException {
        try (var postgres = EmbeddedPostgres.start(data)) {
            assertEquals("on", query(postgres, "SHOW fsync"));
            assertEquals("on", query(postgres, "SHOW synchronous_commit"));
            assertEquals("on", query(postgres, "SHOW full_page_writes"));
            assertEquals("UTF8", query(postgres, "SHOW server_encoding"));
            assertEquals("127.0.0.1", query(postgres, "SHOW listen_addresses"));
            assertEquals("ÄÖ👍", query(postgres, "SELECT upper('äö👍')"));
        }
    }

    @Test
    void nobody_gets_in_without_the_password_and_others_cannot_read_it() throws IOException {
        try (var postgres = EmbeddedPostgres.start(data)) {
            var refused = assertThrows(
                    SQLException.class,
                    () -> DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), "guess")
                            .close());
            assertEquals("28P01", refused.getSQLState());
            var permissions = Files.getPosixFilePermissions(data.resolve("password"));
            assertEquals("rw-------", PosixFilePermissions.toString(permissions));
        }
    }

    @Test
    void one_folder_serves_one_parley_at_a_time() {
        try (var postgres = EmbeddedPostgres.start(data)) {
            var refused = assertThrows(EmbeddedServerException.class, () -> EmbeddedPostgres.start(data));
            assertTrue(String.valueOf(refused.getMessage()).contains("in use by another running Parley"));
            assertTrue(postgres.isAlive());
        }
    }

    @Test
    void a_taken_port_is_named() {
        try (var postgres = EmbeddedPostgres.start(data)) {
            var other = data.resolveSibling("other");
            var refused =
                    assertThrows(EmbeddedServerException.class, () -> EmbeddedPostgres.start(other, postgres.port()));
            assertTrue(String.valueOf(refused.getMessage()).contains("Port " + postgres.port()));
        }
    }

    @Test
    void a_paused_server_goes_on_when_resumed_and_can_be_closed_while_paused() throws SQLException {
        try (var postgres = EmbeddedPostgres.start(data)) {
            postgres.pause();
            postgres.resume();
            assertEquals("1", query(postgres, "SELECT 1"));
            postgres.pause();
        }
    }

    /** JUnit makes its folders with mode 0700, as a home is; for root's servers that is a closed door. */
    @Test
    void a_folder_below_a_closed_one_works_also_for_root(@TempDir Path closed) throws SQLException {
        try (var postgres = EmbeddedPostgres.start(closed.resolve("postgres"))) {
            assertEquals("1", query(postgres, "SELECT 1"));
        }
    }

    @Test
    void a_start_that_was_cut_short_while_creating_the_cluster_is_repeated() throws Exception {
        Files.createDirectories(data.resolve("pgdata.new").resolve("base"));
        Files.writeString(data.resolve("pgdata.new").resolve("PG_VERSION"), "18");
        try (var postgres = EmbeddedPostgres.start(data)) {
            assertEquals("1", query(postgres, "SELECT 1"));
        }
    }

    static String query(EmbeddedPostgres postgres, String sql) throws SQLException {
        try (var connection = DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
                var statement = connection.createStatement()) {
            if (!statement.execute(sql)) return "";
            try (var rows = statement.getResultSet()) {
                rows.next();
                return rows.getString(1);
            }
        }
    }
}
