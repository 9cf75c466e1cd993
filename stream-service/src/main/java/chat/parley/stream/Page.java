package chat.parley.stream;

import chat.parley.event.Cursor;
import chat.parley.event.LiveFrame;
import java.util.List;

/**
 * A part of a user's stream.
 *
 * @param entries whole ones; fewer than were read where history no longer has what an entry referred to
 * @param reached where the part ends
 * @param more whether there may be entries after it already
 */
record Page(List<LiveFrame.Entry> entries, Cursor reached, boolean more) {}
