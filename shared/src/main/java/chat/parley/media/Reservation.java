package chat.parley.media;

import java.time.Duration;

/** What became of a wish to keep an upload. */
public sealed interface Reservation {
    /** The row is there: now the blobs, then {@link MediaCatalog#finish}. */
    record Granted() implements Reservation {}

    /** An earlier attempt under this id came to its end. */
    record Finished(MediaItem item) implements Reservation {}

    /** The id belongs to something else. */
    record IdTaken() implements Reservation {}

    /** This person has uploaded as much as one may in a day. */
    record TooMuch(Duration retryAfter) implements Reservation {}
}
