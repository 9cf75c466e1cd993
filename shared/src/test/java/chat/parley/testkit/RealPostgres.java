package chat.parley.testkit;

import chat.parley.embedded.EmbeddedPostgres;
import chat.parley.ops.Secret;
import chat.parley.postgres.Postgres;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A database of its own for a test class, with Parley's tables, on the PostgreSQL server of this JVM. Register it as a static
 * field: {@code @RegisterExtension static final RealPostgres POSTGRES = RealPostgres.fresh();}
 *
 * <p>Without JUnit (benchmarks): {@link #create()} and {@link #drop()}. For tests that kill the server: {@link #own()}.
 */
public final class RealPostgres implements BeforeAllCallback, AfterAllCallback {
    private static final String TEMPLATE = "parley_template";
    private static final AtomicInteger DATABASES = new AtomicInteger();
    private static boolean templateIsMigrated;

    private @Nullable String database;

    private RealPostgres() {}

    public static RealPostgres fresh() {
        return new RealPostgres();
    }

    /** A server of the test's own, to be killed, paused and restarted; close it afterwards. Its database is empty. */
    public static OwnServer<EmbeddedPostgres> own() {
        var folder = TestServers.temporaryFolder("own-postgres");
        return new OwnServer<>(EmbeddedPostgres.start(folder.resolve("data")), folder);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        if (database == null) create();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        // A nested class ends before the one that registered the extension.
        if (context.getTestClass()
                .flatMap(tests -> Optional.ofNullable(tests.getEnclosingClass()))
                .isEmpty()) {
            drop();
        }
    }

    /** Makes the database: a copy of the migrated template takes some 50 ms, migrating anew ten times that. */
    public RealPostgres create() {
        migrateTemplate();
        var name = "parley_test_" + DATABASES.incrementAndGet();
        execute("CREATE DATABASE " + name + " TEMPLATE " + TEMPLATE);
        database = name;
        return this;
    }

    public void drop() {
        if (database == null) return;
        execute("DROP DATABASE " + database + " WITH (FORCE)");
        database = null;
    }

    public String jdbcUrl() {
        if (database == null) throw new IllegalStateException("not created yet; is the field static?");
        return TestServers.postgresAddress().jdbcUrl(database);
    }

    public String user() {
        return TestServers.postgresAddress().user();
    }

    public String password() {
        return TestServers.postgresAddress().password();
    }

    /** What {@link Postgres#open} takes. */
    public Postgres.Address address() {
        if (database == null) throw new IllegalStateException("not created yet; is the field static?");
        return address(database);
    }

    /** Without a pool: each call opens a connection. */
    public DataSource dataSource() {
        return dataSource(jdbcUrl());
    }

    /** The server behind, shared by all tests of this JVM: never kill it. */
    public EmbeddedPostgres server() {
        return TestServers.postgres();
    }

    private static synchronized void migrateTemplate() {
        if (templateIsMigrated) return;
        execute("CREATE DATABASE " + TEMPLATE);
        // Closed again at once: a database that somebody is connected to cannot be copied.
        try (var postgres = Postgres.open(address(TEMPLATE), 2)) {
            postgres.migrate();
        }
        templateIsMigrated = true;
    }

    private static Postgres.Address address(String database) {
        var server = TestServers.postgresAddress();
        return new Postgres.Address(server.jdbcUrl(database), server.user(), new Secret(server.password()));
    }

    private static DataSource dataSource(String url) {
        var source = new PGSimpleDataSource();
        source.setUrl(url);
        source.setUser(TestServers.postgresAddress().user());
        source.setPassword(TestServers.postgresAddress().password());
        return source;
    }

    private static void execute(String sql) {
        var server = TestServers.postgresAddress();
        try (var connection =
                        DriverManager.getConnection(server.jdbcUrl(server.user()), server.user(), server.password());
                var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }
}
