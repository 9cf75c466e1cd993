package chat.parley.standalone;

import chat.parley.embedded.EmbeddedPostgres;
import chat.parley.embedded.EmbeddedRedis;
import chat.parley.ops.Secret;
import chat.parley.postgres.Postgres;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The two servers behind Parley: embedded under the data folder, or given by address. Closing ends only what is embedded. */
final class Servers implements AutoCloseable {
    private final Postgres.Address postgresAddress;
    private final URI redisAddress;
    private final @Nullable EmbeddedPostgres postgres;
    private final @Nullable EmbeddedRedis redis;

    private Servers(
            Postgres.Address postgresAddress,
            URI redisAddress,
            @Nullable EmbeddedPostgres postgres,
            @Nullable EmbeddedRedis redis) {
        this.postgresAddress = postgresAddress;
        this.redisAddress = redisAddress;
        this.postgres = postgres;
        this.redis = redis;
    }

    /** Starts what is not given. */
    static Servers start(Path data, Postgres.@Nullable Address givenPostgres, @Nullable URI givenRedis) {
        if (givenPostgres != null) return withRedis(data, givenPostgres, null, givenRedis);
        var postgres = EmbeddedPostgres.start(data.resolve("postgres"));
        try {
            return withRedis(data, address(postgres), postgres, givenRedis);
        } catch (RuntimeException e) {
            postgres.close();
            throw e;
        }
    }

    private static Servers withRedis(
            Path data, Postgres.Address address, @Nullable EmbeddedPostgres postgres, @Nullable URI givenRedis) {
        if (givenRedis != null) return new Servers(address, givenRedis, postgres, null);
        var redis = EmbeddedRedis.start(data.resolve("redis"));
        return new Servers(address, URI.create(redis.uri()), postgres, redis);
    }

    private static Postgres.Address address(EmbeddedPostgres server) {
        return new Postgres.Address(server.jdbcUrl(), server.user(), new Secret(server.password()));
    }

    /** Tools write {@code postgresql://user:password@host/database}; the driver wants {@code jdbc:} before it and the names apart. */
    static Postgres.Address address(URI given) {
        if (given.getScheme() == null
                || (given.getHost() == null && !given.getScheme().equals("jdbc"))) {
            throw new IllegalArgumentException(
                    "--postgres is not an address; it looks like postgresql://user:password@host/database");
        }
        if (given.getScheme().equals("jdbc")) return new Postgres.Address(given.toString(), null, null);
        var port = given.getPort() < 0 ? "" : ":" + given.getPort();
        var query = given.getRawQuery() == null ? "" : "?" + given.getRawQuery();
        var url = "jdbc:postgresql://" + given.getHost() + port + given.getRawPath() + query;
        var user = given.getUserInfo();
        if (user == null) return new Postgres.Address(url, null, null);
        int colon = user.indexOf(':');
        return colon < 0
                ? new Postgres.Address(url, user, null)
                : new Postgres.Address(url, user.substring(0, colon), new Secret(user.substring(colon + 1)));
    }

    Postgres.Address postgresAddress() {
        return postgresAddress;
    }

    URI redisAddress() {
        return redisAddress;
    }

    @Override
    public void close() {
        try {
            if (postgres != null) postgres.close();
        } finally {
            if (redis != null) redis.close();
        }
    }
}
