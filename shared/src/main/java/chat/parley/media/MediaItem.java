package chat.parley.media;

import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One uploaded file, complete and readable.
 *
 * @param type by its content, never by what its sender said
 * @param width of pictures, as they are shown; null otherwise
 * @param name as its sender calls it, null where it has none
 * @param sha256 of the bytes
 * @param thumbnailType null where there are no thumbnails
 * @param thumbnails those there are, smallest first
 */
public record MediaItem(
        MediaId id,
        UserId owner,
        String type,
        long bytes,
        @Nullable Integer width,
        @Nullable Integer height,
        @Nullable String name,
        byte[] sha256,
        @Nullable String thumbnailType,
        List<Thumbnail> thumbnails) {

    /**
     * A smaller picture.
     *
     * @param size longest side, in pixels
     * @param bytes length of the blob
     */
    public record Thumbnail(int size, int bytes) {}

    /** Where the bytes are. */
    public BlobKey blob() {
        return BlobKey.original(id);
    }

    /** Where the bytes of a thumbnail are. */
    public BlobKey blob(Thumbnail thumbnail) {
        return BlobKey.thumbnail(id, thumbnail.size());
    }

    /** Whether it has a width and a height. */
    public boolean isPicture() {
        return width != null;
    }
}
