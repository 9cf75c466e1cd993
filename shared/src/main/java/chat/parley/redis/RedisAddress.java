package chat.parley.redis;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.SslOptions;

/**
 * What an operator writes to name a Redis. Complaints do not repeat it, since it may hold a password.
 *
 * @param hosts the single server, or some nodes of a cluster, which tell of the others
 */
record RedisAddress(
        List<HostAndPort> hosts,
        boolean isCluster,
        boolean tls,
        @Nullable String user,
        @Nullable String password) {
    private static final int DEFAULT_PORT = 6379;
    private static final Set<String> SCHEMES = Set.of("redis", "rediss", "redis-cluster", "rediss-cluster");

    static RedisAddress of(URI uri) {
        String scheme = uri.getScheme();
        String authority = uri.getRawAuthority();
        if (scheme == null || !SCHEMES.contains(scheme) || authority == null) {
            throw new IllegalArgumentException(
                    "the address of Redis must look like redis://:password@host:6379, or redis-cluster://:password@host1:6379,host2:6379");
        }
        int at = authority.lastIndexOf('@');
        var hosts = new ArrayList<HostAndPort>();
        for (String host : authority.substring(at + 1).split(",", -1)) {
            hosts.add(host(host));
        }
        boolean isCluster = scheme.endsWith("-cluster");
        if (hosts.size() > 1 && !isCluster) {
            throw new IllegalArgumentException("several addresses of Redis name a cluster: write redis-cluster://");
        }
        String credentials = at < 0 ? null : authority.substring(0, at);
        int colon = credentials == null ? -1 : credentials.indexOf(':');
        return new RedisAddress(
                List.copyOf(hosts),
                isCluster,
                scheme.startsWith("rediss"),
                credentials == null || colon <= 0 ? null : decoded(credentials.substring(0, colon)),
                credentials == null ? null : decoded(credentials.substring(colon + 1)));
    }

    JedisClientConfig config(Duration replyLimit) {
        var config = DefaultJedisClientConfig.builder()
                .resp2()
                .connectionTimeoutMillis((int) replyLimit.toMillis())
                .socketTimeoutMillis((int) replyLimit.toMillis())
                .blockingSocketTimeoutMillis((int) replyLimit.toMillis())
                .clientName("parley");
        if (tls) {
            config.sslOptions(SslOptions.defaults());
        }
        if (user != null) {
            config.user(user);
        }
        if (password != null) {
            config.password(password);
        }
        return config.build();
    }

    private static HostAndPort host(String text) {
        // An IPv6 address stands in brackets, with colons of its own.
        int colon = text.endsWith("]") ? -1 : text.lastIndexOf(':');
        try {
            String host = colon < 0 ? text : text.substring(0, colon);
            int port = colon < 0 ? DEFAULT_PORT : Integer.parseInt(text.substring(colon + 1));
            if (!host.isEmpty()) {
                return new HostAndPort(host, port);
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("the address of Redis has a port that is no number", e);
        }
        throw new IllegalArgumentException("the address of Redis names no host");
    }

    private static String decoded(String text) {
        // A plus is a plus here, not a blank.
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** Without the password. */
    @Override
    public String toString() {
        return (isCluster ? "cluster " : "") + hosts;
    }
}
