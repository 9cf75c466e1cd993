package chat.parley.stream;

import org.jspecify.annotations.Nullable;

/** A shard channel of Redis that somebody listens to here. */
abstract class Channel {
    /** Who listens to it in Redis for us; null while nobody does. Changed under the registry's lock. */
    private volatile @Nullable ServerFeed feed;

    /** As Redis knows it. */
    abstract String name();

    /** Redis confirmed the subscription, for the first time or again. */
    abstract void confirmed();

    /** Frames may have been lost. */
    abstract void missed();

    /** Frames do not come any more, until {@link #confirmed}. */
    void lost() {}

    @Nullable
    ServerFeed feed() {
        return feed;
    }

    void feed(@Nullable ServerFeed server) {
        feed = server;
    }
}
