package chat.parley.event;

import java.util.List;

/** What a user's stream answers to "what came after this cursor?". */
public sealed interface StreamRead {
    /** The stream is unbroken from the cursor on; these are the entries after it, oldest first, at most the limit asked for. */
    record Unbroken(List<LiveFrame.Entry> entries) implements StreamRead {}

    /** The cursor is trimmed, of another stream or of another Redis: only history can tell. */
    record Broken() implements StreamRead {}
}
