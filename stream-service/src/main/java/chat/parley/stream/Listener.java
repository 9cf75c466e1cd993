package chat.parley.stream;

import chat.parley.id.ConversationId;
import chat.parley.id.SessionId;
import org.jspecify.annotations.Nullable;

/** Someone who waits for one user's live frames: an open stream or a waiting poll. Calls come from the feed's thread and must not block. */
sealed interface Listener permits Subscriber, LongPoll.Poll {
    /** An event was published: an entry of the user's stream, or what no stream keeps. */
    void deliver(Delivery delivery);

    /** An event of a large group was published; it has no place in the user's stream. */
    void deliverGroup(Delivery delivery);

    /** Events of large groups may have been lost since then: read their streams again. */
    void missedGroups(long sinceMillis);

    /** Events of this large group do not come, since then about; others do. */
    void groupAway(ConversationId conversation, long sinceMillis);

    /** They come again, and what was missed came. */
    void groupBack(ConversationId conversation);

    /** Whether events of large groups are handed on at once; else they are read later. */
    boolean isFollowingGroups();

    /** Frames may have been lost: read the stream again. */
    void missed();

    /** A login session of the user ended. */
    void sessionEnded(SessionId session);

    /** A device of a login session of the user went into the background. */
    void sessionPaused(SessionId session);

    /** The login session it belongs to; null for people of outside issuers. */
    @Nullable
    SessionId session();

    /** Nobody looks at it now: a device in a pocket. */
    boolean isIdle();

    /** This node leaves: end in so many seconds. */
    void drainIn(int ticks);
}
