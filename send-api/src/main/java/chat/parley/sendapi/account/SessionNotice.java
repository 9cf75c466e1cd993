package chat.parley.sendapi.account;

import chat.parley.event.EventLog;
import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the nodes that hold a person's streams that a session ended. A lost notice costs time only: nodes also ask every 30 s. */
final class SessionNotice {
    private static final Logger LOG = LoggerFactory.getLogger(SessionNotice.class);

    private final EventLog events;

    SessionNotice(EventLog events) {
        this.events = events;
    }

    /** Publishes it if that is possible now. */
    void ended(UserId user, SessionId session) {
        try {
            events.sessionEnded(user, session);
        } catch (StoreUnavailable e) {
            LOG.warn("streams of an ended session close with their next check only: {}", e.getMessage());
        }
    }
}
