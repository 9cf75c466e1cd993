package chat.parley.sendapi.media;

import chat.parley.media.MediaItem;
import java.time.Duration;

/** What became of an upload. */
sealed interface UploadOutcome {
    /** Kept, durably. */
    record Kept(MediaItem item) implements UploadOutcome {}

    /** A picture that is none; nothing was kept. */
    record Damaged() implements UploadOutcome {}

    /** A picture larger than is taken; nothing was kept. */
    record TooManyPixels() implements UploadOutcome {}

    /** Enough for today; nothing was kept. */
    record TooMuch(Duration retryAfter) implements UploadOutcome {}

    /** No room for another picture just now; nothing was kept. */
    record Busy() implements UploadOutcome {}

    /** The id belongs to something else; nothing was kept. */
    record IdTaken() implements UploadOutcome {}
}
