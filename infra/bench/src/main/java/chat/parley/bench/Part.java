package chat.parley.bench;

import java.util.Arrays;
import java.util.List;

/** Whose CPU is counted apart. */
enum Part {
    SEND_API("send-api"),
    STREAM_SERVICE("stream-service"),
    NOTIFIER("notifier"),
    POSTGRES("PostgreSQL"),
    REDIS("Redis"),
    /** Where messages are in it. */
    CASSANDRA("Cassandra"),
    /** What only writes the same bytes. */
    FLOOR("floor"),
    /** This process. */
    GENERATOR("generator");

    final String title;

    /** Those that serve. */
    static List<Part> servers(boolean withCassandra) {
        return Arrays.stream(values())
                .filter(part -> part != GENERATOR && part != FLOOR && (withCassandra || part != CASSANDRA))
                .toList();
    }

    Part(String title) {
        this.title = title;
    }
}
