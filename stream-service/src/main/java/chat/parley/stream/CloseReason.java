package chat.parley.stream;

import java.util.Locale;

/** Why a stream ended; a label of a counter, so the set is closed. */
enum CloseReason {
    /** The client closed, or its network did. */
    CLIENT_LEFT,
    /** Its time was up: only so is a dead browser behind a proxy found. */
    ROTATED,
    /** More waited for its socket than a connection may hold. */
    TOO_SLOW,
    /** A write made no progress. */
    STALLED,
    /** Token or session ended. */
    REAUTH,
    /** The device went into the background. */
    BACKGROUND,
    /** This node leaves. */
    DRAINED,
    /** A store was away when the stream needed it. */
    UNAVAILABLE,
    /** Too many streams were to be rebuilt. */
    REBUILDS_FULL,
    /** Too many streams of one user. */
    TOO_MANY,
    /** A mistake of ours. */
    FAILED;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
