package chat.parley.message;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What became of a message after it was sent.
 *
 * @param version 1 for a new one; moves with every change of what readers see: edits, reactions, the deletion
 * @param reactions a JSON object of counts by emoji, first used first; null while there are none
 * @param editedAt of the last edit; null for never
 * @param deletedAt null while it is not deleted
 * @param changedAt of the last change of any kind; null while there was none. Not told to readers: it orders events.
 */
public record MessageState(
        int version,
        @Nullable String reactions,
        @Nullable Instant editedAt,
        @Nullable Instant deletedAt,
        @Nullable Instant changedAt) {

    /** As sent. */
    public static final MessageState NEW = new MessageState(1, null, null, null, null);
}
