package chat.parley.stream;

/** A shard channel that this node wants to hear. Calls come from the feed and must not block. */
abstract class Channel {
    /** As Redis knows it. */
    abstract String name();

    /** Redis confirmed the subscription, for the first time or, after the connection was lost, again. */
    abstract void confirmed();

    /** Frames may have been lost. */
    abstract void missed();
}
