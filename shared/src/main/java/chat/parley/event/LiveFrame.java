package chat.parley.event;

import chat.parley.id.SessionId;

/** What travels on a user's live channel. */
public sealed interface LiveFrame {
    /** The entry {@code (epochMillis, n)} of the user's stream, whole also where the stream holds only a reference. */
    record Entry(long epochMillis, long n, EncodedEvent event) implements LiveFrame {}

    /** A login session ended: its streams must close. Not stored; nodes also ask the database now and then. */
    record SessionEnded(SessionId session) implements LiveFrame {}

    /** What no stream keeps: whoever does not take it now never hears of it. */
    record Ephemeral(EncodedEvent event) implements LiveFrame {}
}
