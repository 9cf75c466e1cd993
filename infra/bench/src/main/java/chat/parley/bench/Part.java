package chat.parley.bench;

/** Whose CPU is counted apart. */
enum Part {
    SEND_API("send-api"),
    STREAM_SERVICE("stream-service"),
    NOTIFIER("notifier"),
    POSTGRES("PostgreSQL"),
    REDIS("Redis"),
    /** This process. */
    GENERATOR("generator");

    final String title;

    Part(String title) {
        this.title = title;
    }
}
