package chat.parley.event;

import chat.parley.id.SessionId;
import org.jspecify.annotations.Nullable;

/** What travels on a user's live channel. */
public sealed interface LiveFrame {
    /** The entry {@code (epoch, n)} of the user's stream, whole also where the stream holds only a reference. */
    record Entry(long epoch, long n, EncodedEvent event) implements LiveFrame {}

    /** A login session ended: its streams must close. Not stored; nodes also ask the database now and then. */
    record SessionEnded(SessionId session) implements LiveFrame {
        /** Stands for every session of the user, and for what is in force without one; no session has this id. */
        public static final SessionId ALL = new SessionId(0);

        /** Whether it concerns a stream of this session; null for one without. */
        public static boolean concerns(SessionId ended, @Nullable SessionId session) {
            return ended.equals(session) || ended.equals(ALL);
        }
    }

    /** A device of this login session went into the background: its streams end, and push takes over. The session lasts. Not stored. */
    record SessionPaused(SessionId session) implements LiveFrame {}

    /** What no stream keeps: whoever does not take it now never hears of it. */
    record Ephemeral(EncodedEvent event) implements LiveFrame {}
}
